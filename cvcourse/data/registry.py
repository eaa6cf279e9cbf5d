"""What the course knows of each data set: one entry per set, and nothing else in this file.

An entry is data only, so that a list of the sets costs no import of torch. `locate.py` finds a set on disk by its
entry, `fetch.py` downloads its files, `unpack.py` makes them ready; the loader has the file named after its function.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Published:
    """A file as its publisher serves it: name below the publisher's address, size in bytes, checksum `alg:hex`."""

    name: str
    size: int
    checksum: str


@dataclass(frozen=True)
class File:
    """A file of a set that is ready for use.

    Attributes:
        path: where it lies below the set's root, with `/` on every system.
        size: bytes.
        checksum: `alg:hex`.
        published: the gzip file that it is unpacked from.
    """

    path: str
    size: int
    checksum: str
    published: Published

    @property
    def packed(self) -> str:
        """Where the gzip file lies below the root of an unpacked folder or of a pack: beside the ready file."""
        return str(PurePosixPath(self.path).with_name(self.published.name))


@dataclass(frozen=True)
class DataSet:
    """One data set.

    Attributes:
        name: its name in the registry, in the cache folder and below a mirror's address.
        title: its name for people.
        kind: the function of `cvcourse.data` that reads it, such as `digits`.
        items: items per split.
        licence: as its publisher states it.
        citation: what to cite.
        homepage: where it is described.
        addresses: where its files are published, in the order of trying; each ends with `/`. Empty: no download.
        files: what lies on disk when it is ready. Empty: it lies inside an installed library.
        pack: the zip that holds it in the folder `CVCOURSE_DATA`.
        embedded: it needs no network.
    """

    name: str
    title: str
    kind: str
    items: dict[str, int]
    licence: str
    citation: str
    homepage: str
    addresses: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    pack: str | None = None
    embedded: bool = False

    @property
    def download_size(self) -> int:
        """Bytes to download."""
        return sum(file.published.size for file in self.files)

    @property
    def ready_size(self) -> int:
        """Bytes on disk when the set is ready."""
        return sum(file.size for file in self.files)


def _mnist(stem: str, size: int, sha256: str, gzip_size: int, gzip_sha256: str) -> File:
    published = Published(f"{stem}.gz", gzip_size, f"sha256:{gzip_sha256}")
    return File(f"MNIST/raw/{stem}", size, f"sha256:{sha256}", published)


MNIST = DataSet(
    name="mnist",
    title="MNIST",
    kind="digits",
    items={"train": 60_000, "test": 10_000},
    licence="none stated by the publisher; usually listed as CC BY-SA 3.0",
    citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. "
    "Proceedings of the IEEE 86(11), 1998, 2278-2324",
    homepage="http://yann.lecun.com/exdb/mnist/",
    addresses=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    files=(
        _mnist(
            "train-images-idx3-ubyte",
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        _mnist(
            "train-labels-idx1-ubyte",
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        _mnist(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        _mnist(
            "t10k-labels-idx1-ubyte",
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
    pack="mnist.zip",
)

SKLEARN_DIGITS = DataSet(
    name="sklearn_digits",
    title="scikit-learn's digits brought to 28 x 28",
    kind="digits",
    items={"train": 1_437, "test": 360},
    licence="CC BY 4.0",
    citation="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998",
    homepage="https://doi.org/10.24432/C50P49",
    embedded=True,
)

SKIMAGE_PHOTOGRAPHS = DataSet(
    name="skimage_photographs",
    title="the photographs inside scikit-image",
    kind="photographs",
    items={"all": 13},
    licence="each CC0, public domain or without known restrictions, as scikit-image states",
    citation="S. van der Walt et al.: scikit-image: image processing in Python. PeerJ 2, 2014, e453",
    homepage="https://scikit-image.org/docs/stable/api/skimage.data.html",
    embedded=True,
)

REGISTRY: dict[str, DataSet] = {entry.name: entry for entry in (MNIST, SKLEARN_DIGITS, SKIMAGE_PHOTOGRAPHS)}
