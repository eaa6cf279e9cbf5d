"""Digits: what an item is, how the embedded ones look, and which source is taken where and why."""

import dataclasses
import gzip
import hashlib
import os
import pickle
import shutil
import socket
import struct
import subprocess
import sys
import zipfile
from importlib import import_module

import pytest
import torch
from torch.utils.data import DataLoader

from cvcourse.data import digits, fetch, locate
from cvcourse.data.registry import REGISTRY, File, Published
from cvcourse.errors import DataError
from tests import server as faults
from tests.server import FileServer, refusing_url

EMBEDDED = "digits: scikit-learn's digits brought to 28 x 28"
COUNTS = {"train": 40, "t10k": 20}


def _idx(array: torch.Tensor) -> bytes:
    """A tensor of uint8 in the format of MNIST's files: type 8, number of axes, their lengths, the bytes."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.numpy().tobytes()


def _checksum(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="session")
def tiny():
    """A set in MNIST's layout: registry entry, gzip files by name, and the tensors in it."""
    generator = torch.Generator().manual_seed(1)
    packed, files, tensors = {}, [], {}
    for split, count in COUNTS.items():
        images = torch.randint(0, 256, (count, 28, 28), dtype=torch.uint8, generator=generator)
        labels = torch.arange(count, dtype=torch.uint8) % 10
        tensors[split] = (images, labels)
        for stem, array in ((f"{split}-images-idx3-ubyte", images), (f"{split}-labels-idx1-ubyte", labels)):
            data = _idx(array)
            packed[f"{stem}.gz"] = gzip.compress(data, mtime=0)
            published = Published(f"{stem}.gz", len(packed[f"{stem}.gz"]), _checksum(packed[f"{stem}.gz"]))
            files.append(File(f"MNIST/raw/{stem}", len(data), _checksum(data), published))
    return dataclasses.replace(REGISTRY["mnist"], files=tuple(files)), packed, tensors


@pytest.fixture
def place(tiny, tmp_path, monkeypatch):
    """A machine of its own: empty cache, no CVCOURSE_DATA, a network that may be used, MNIST is the tiny set."""
    for name in ("CVCOURSE_DATA", "CVCOURSE_OFFLINE", "CVCOURSE_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CVCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CVCOURSE_MIRROR", refusing_url())
    monkeypatch.setitem(REGISTRY, "mnist", tiny[0])
    for name, value in {"READ_TIMEOUT": 0.3, "CONNECT_TIMEOUT": 0.5, "PAUSE": 0.01, "ATTEMPTS": 2}.items():
        monkeypatch.setattr(fetch, name, value)
    locate.forget_decisions()
    fetch.forget_failures()
    yield tmp_path
    locate.forget_decisions()
    fetch.forget_failures()


@pytest.fixture
def data(place, monkeypatch):
    """The folder CVCOURSE_DATA, empty."""
    folder = place / "data"
    folder.mkdir()
    monkeypatch.setenv("CVCOURSE_DATA", str(folder))
    return folder


@pytest.fixture
def server(place, tiny, monkeypatch):
    """The mirror, with the tiny set on it."""
    with FileServer({f"mnist/{name}": content for name, content in tiny[1].items()}) as running:
        monkeypatch.setenv("CVCOURSE_MIRROR", running.url)
        yield running


def write_zip(path, packed, **changes):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (packed | changes).items():
            if content is not None:
                archive.writestr(f"MNIST/raw/{name}", content)


def write_folder(root, packed):
    (root / "MNIST" / "raw").mkdir(parents=True)
    for name, content in packed.items():
        (root / "MNIST" / "raw" / name).write_bytes(content)


def assert_tiny(tiny, source="auto"):
    """Both splits hold what the tiny set holds."""
    for split, (images, labels) in tiny[2].items():
        found = digits(train=split == "train", source=source)
        assert found.source == "real"
        assert torch.equal(found.images, images.unsqueeze(1) / 255)
        assert torch.equal(found.labels, labels.long())


def assert_embedded(capsys, reason):
    """Auto gives the embedded set for both splits and says why in one line, once."""
    assert {digits().source, digits(train=False).source} == {"embedded"}
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"{EMBEDDED}, because ")
    assert reason in lines[0]


def snapshot(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


# What an item is


@pytest.mark.parametrize(("train", "count"), [(True, 1437), (False, 360)])
def test_embedded_digits_have_the_shape_range_and_type_of_mnist(train, count):
    found = digits(train, source="embedded")
    assert len(found) == count
    assert found.images.shape == (count, 1, 28, 28) and found.images.dtype == torch.float32
    assert found.labels.shape == (count,) and found.labels.dtype == torch.int64
    assert found.images.min() == 0 and found.images.max() == 1
    image, label = found[3]
    assert type(label) is int and torch.equal(image, found.images[3])
    assert found.classes[label] == str(label)
    assert found.source == "embedded"


def test_embedded_classes_are_balanced_in_both_splits():
    for train in (True, False):
        counts = digits(train, source="embedded").labels.bincount(minlength=10)
        assert counts.min() / counts.max() > 0.85


def test_the_first_items_are_of_mixed_classes():
    assert digits(source="embedded", limit=50).labels.unique().tolist() == list(range(10))


def test_embedded_digits_are_the_same_each_time_and_each_ones_own():
    module = import_module("cvcourse.data.digits")
    first = digits(source="embedded")
    first.images.zero_()
    first.labels.zero_()
    first._pixels.zero_()
    second = digits(source="embedded")
    assert second.labels.float().mean() > 4 and second.images.mean() > 0.1
    module._embedded.cache_clear()
    assert torch.equal(digits(source="embedded").images, second.images)


def test_embedded_digits_do_not_touch_the_global_random_state():
    import_module("cvcourse.data.digits")._embedded.cache_clear()
    before = torch.get_rng_state()
    digits(source="embedded")
    assert torch.equal(torch.get_rng_state(), before)


def test_no_item_is_in_both_splits():
    rows = [digits(train, source="embedded").images.flatten(1) for train in (True, False)]
    assert torch.cdist(*rows).min() > 0.5


def test_embedded_digits_are_placed_as_mnists_are():
    """White on black, the centre of mass in the middle, the longer side of the box 20 pixels, a black border."""
    images = digits(source="embedded").images.squeeze(1)
    axis = torch.arange(28) - 13.5
    mass = images.sum((1, 2))
    x, y = ((images.sum(dim) * axis).sum(1) / mass for dim in (1, 2))
    assert torch.stack([x, y]).abs().max() < 0.7
    longer = torch.maximum((images > 0.5).any(1).sum(1), (images > 0.5).any(2).sum(1))
    assert ((longer >= 19) & (longer <= 21)).float().mean() > 0.98
    border = torch.cat([images[:, [0, -1]].flatten(1), images[:, :, [0, -1]].flatten(1)], dim=1).amax(1)
    assert (border > 0).float().mean() < 0.005
    assert 0.1 < images.mean() < 0.2  # MNIST: 0.131
    assert (images > 0.95).float().mean() > 0.4 * (images > 0.05).float().mean()  # MNIST: 0.43


def test_a_linear_classifier_tells_embedded_digits_apart():
    train, test = digits(source="embedded"), digits(train=False, source="embedded")
    ones = torch.ones(1, 1)
    inputs = [torch.cat([part.images.flatten(1), ones.expand(len(part), 1)], dim=1) for part in (train, test)]
    targets = torch.nn.functional.one_hot(train.labels, 10).float()
    ridge = inputs[0].T @ inputs[0] + 30 * torch.eye(785)
    weights = torch.linalg.solve(ridge, inputs[0].T @ targets)
    accuracy = ((inputs[1] @ weights).argmax(1) == test.labels).float().mean()
    assert accuracy > 0.85


def test_a_data_loader_batches_items_and_a_transform_is_applied():
    found = digits(source="embedded", transform=lambda image: 1 - image, limit=10)
    assert len(found) == 10
    images, labels = next(iter(DataLoader(found, batch_size=5)))
    assert torch.equal(images, 1 - found.images[:5]) and torch.equal(labels, found.labels[:5])


def test_an_index_outside_is_an_index_error():
    found = digits(source="embedded", limit=3)
    assert torch.equal(found[-1][0], found[2][0])
    with pytest.raises(IndexError):
        found[3]


@pytest.mark.parametrize("options", [{"source": "reel"}, {"limit": 0}, {"limit": 2.5}])
def test_a_wrong_argument_is_a_value_error_that_names_it(options):
    (name,) = options
    with pytest.raises(ValueError, match=name):
        digits(**options)


# On disk


def test_auto_takes_the_pack_and_says_so_once(data, tiny, capsys):
    write_zip(data / "mnist.zip", tiny[1])
    assert_tiny(tiny)
    assert_tiny(tiny)
    assert capsys.readouterr().out == "digits: MNIST, from CVCOURSE_DATA/mnist.zip\n"


def test_explicit_sources_say_nothing(data, tiny, capsys):
    write_zip(data / "mnist.zip", tiny[1])
    assert_tiny(tiny, source="real")
    assert digits(source="embedded").source == "embedded"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("below", ["", "mnist"])
def test_an_unpacked_pack_is_read_without_writing_beside_it(data, tiny, below):
    write_folder(data / below, tiny[1])
    before = snapshot(data)
    assert_tiny(tiny, source="real")
    assert snapshot(data) == before


def test_a_folder_in_torchvisions_layout_is_read_in_place(data, place, tiny):
    write_folder(data, {name.removesuffix(".gz"): gzip.decompress(content) for name, content in tiny[1].items()})
    assert_tiny(tiny, source="real")
    assert not (place / "cache").exists()


def test_a_read_only_data_folder_works_and_stays_as_it_is(data, tiny):
    write_zip(data / "mnist.zip", tiny[1])
    before = snapshot(data)
    data.chmod(0o555)
    try:
        assert_tiny(tiny, source="real")
        assert snapshot(data) == before
    finally:
        data.chmod(0o755)


def test_find_says_where_a_set_lies_and_changes_nothing(data, place, tiny):
    entry = tiny[0]
    write_zip(data / "mnist.zip", tiny[1])
    assert locate.find(entry) is None and not (place / "cache").exists()
    digits(source="real")
    assert locate.find(entry) == (place / "cache" / "mnist", "the cache folder")
    write_folder(data, {name.removesuffix(".gz"): gzip.decompress(content) for name, content in tiny[1].items()})
    assert locate.find(entry) == (data, "CVCOURSE_DATA")


def test_the_cache_is_enough_when_the_data_folder_is_gone(data, tiny, capsys):
    write_zip(data / "mnist.zip", tiny[1])
    digits(source="real")
    shutil.rmtree(data)
    assert_tiny(tiny)
    assert "digits: MNIST, from the cache folder (CVCOURSE_DATA names" in capsys.readouterr().out


def test_a_damaged_cache_is_made_anew(data, place, tiny):
    write_zip(data / "mnist.zip", tiny[1])
    digits(source="real")
    broken = place / "cache" / "mnist" / "MNIST" / "raw" / "train-images-idx3-ubyte"
    content = bytearray(broken.read_bytes())
    content[-1] ^= 1
    broken.write_bytes(content)
    assert_tiny(tiny, source="real")
    assert os.listdir(place / "cache") == ["mnist"]


def test_a_damaged_cache_alone_is_never_used(data, place, tiny, monkeypatch, capsys):
    write_zip(data / "mnist.zip", tiny[1])
    digits(source="real")
    (data / "mnist.zip").unlink()
    broken = place / "cache" / "mnist" / "MNIST" / "raw" / "t10k-labels-idx1-ubyte"
    broken.write_bytes(broken.read_bytes()[:-1])
    monkeypatch.setenv("CVCOURSE_OFFLINE", "1")
    assert_embedded(capsys, "it is not on disk and CVCOURSE_OFFLINE is set")


DAMAGES = {
    "not a zip": lambda path, packed: path.write_bytes(b"PK\x03\x04 no zip at all"),
    "empty": lambda path, packed: path.write_bytes(b""),
    "half": lambda path, packed: (write_zip(path, packed), os.truncate(path, path.stat().st_size // 2)),
    "a file missing": lambda path, packed: write_zip(path, packed, **{"t10k-labels-idx1-ubyte.gz": None}),
    "not gzip": lambda path, packed: write_zip(path, packed, **{"train-labels-idx1-ubyte.gz": b"labels"}),
    "half gzip": lambda path, packed: write_zip(
        path, packed, **{"train-images-idx3-ubyte.gz": packed["train-images-idx3-ubyte.gz"][:999]}
    ),
    "other content": lambda path, packed: write_zip(
        path, packed, **{"t10k-images-idx3-ubyte.gz": gzip.compress(b"\0" * (16 + 20 * 28 * 28))}
    ),
    "a bomb": lambda path, packed: write_zip(
        path, packed, **{"t10k-labels-idx1-ubyte.gz": gzip.compress(b"\0" * 5_000_000)}
    ),
    "a flipped byte": lambda path, packed: (
        write_zip(path, packed),
        path.write_bytes(path.read_bytes().replace(packed["train-labels-idx1-ubyte.gz"][10:30], b"\x55" * 20)),
    ),
    "a folder": lambda path, packed: path.mkdir(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_pack_is_named_by_real_and_passed_over_by_auto(data, place, tiny, capsys, damage):
    damage(data / "mnist.zip", tiny[1])
    with pytest.raises(DataError, match=r"mnist\.zip .*put a whole copy in its place") as caught:
        digits(source="real")
    assert "\n" not in str(caught.value)
    assert_embedded(capsys, "mnist.zip")
    assert list((place / "cache").glob("**/*ubyte")) == []


def test_auto_goes_on_from_a_damaged_pack_to_the_download(data, server, tiny, capsys):
    DAMAGES["half"](data / "mnist.zip", tiny[1])
    assert_tiny(tiny)
    line = capsys.readouterr().out
    assert line.startswith("digits: MNIST, downloaded (") and "mnist.zip is damaged" in line


def test_a_damaged_folder_is_named_by_real_and_passed_over_by_auto(data, tiny, capsys):
    write_folder(data, tiny[1])
    (data / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").write_bytes(b"no gzip")
    with pytest.raises(DataError, match=r"raw lacks a file of MNIST or holds a damaged one"):
        digits(source="real")
    assert_embedded(capsys, "damaged")


def test_a_data_folder_that_is_not_there_is_named(place, monkeypatch):
    monkeypatch.setenv("CVCOURSE_DATA", str(place / "nowhere"))
    with pytest.raises(DataError, match="nowhere, which is no folder"):
        digits(source="real")


def test_a_cache_that_cannot_be_written_is_one_line(data, place, tiny, monkeypatch, capsys):
    write_zip(data / "mnist.zip", tiny[1])
    (place / "file").write_text("in the way")
    monkeypatch.setenv("CVCOURSE_CACHE", str(place / "file" / "cache"))
    with pytest.raises(DataError, match="CVCOURSE_CACHE"):
        digits(source="real")
    assert_embedded(capsys, "CVCOURSE_CACHE")


def test_a_full_disk_is_one_line_and_nothing_is_left(data, place, tiny, monkeypatch, capsys):
    write_zip(data / "mnist.zip", tiny[1])
    usage = shutil._ntuple_diskusage(10**9, 10**9 - 1000, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DataError, match=r"no space left in .*CVCOURSE_CACHE"):
        digits(source="real")
    assert list((place / "cache").iterdir()) == []
    assert_embedded(capsys, "no space left")


# From the network


def test_auto_downloads_unpacks_and_stays_with_it(server, place, tiny, capsys, monkeypatch):
    assert_tiny(tiny)
    assert capsys.readouterr().out == "digits: MNIST, downloaded\n"
    assert server.sent == tiny[0].download_size
    assert sorted(path.name for path in (place / "cache").iterdir()) == ["downloads", "mnist"]
    assert list((place / "cache" / "downloads").iterdir()) == []
    monkeypatch.setenv("CVCOURSE_OFFLINE", "1")
    assert_tiny(tiny, source="real")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.truncate(at=100), "broke off"),
        (faults.corrupt(at=50), "another checksum"),
        (faults.stall(at=10), "sent nothing for 0.3 s"),
        (faults.status(404), "404"),
        (faults.login_page(), "offers 26 bytes"),
    ],
    ids=["truncates", "corrupts", "stalls", "404", "login page"],
)
def test_whatever_the_server_does_wrong_auto_falls_back_and_real_says_why(server, place, capsys, fault, reason):
    server.misbehave("mnist/train-images-idx3-ubyte.gz", fault)
    assert_embedded(capsys, reason)
    with pytest.raises(DataError, match=reason) as caught:
        digits(source="real")
    assert "set CVCOURSE_DATA" in str(caught.value) and "\n" not in str(caught.value)
    assert not (place / "cache" / "mnist").exists()


def test_a_broken_download_goes_on_in_the_next_call(server, tiny):
    name = "mnist/train-images-idx3-ubyte.gz"
    server.misbehave(name, faults.truncate(at=5000))
    with pytest.raises(DataError):
        digits(source="real")
    server.behave()
    assert_tiny(tiny, source="real")
    assert sum(request.sent for request in server.log if request.path == name) == len(tiny[1][name[6:]])


def test_no_network_is_noticed_once_and_train_and_test_stay_alike(place, server, capsys, monkeypatch):
    url, answering = refusing_url(), server.url
    monkeypatch.setenv("CVCOURSE_MIRROR", url)
    assert digits().source == "embedded"
    monkeypatch.setenv("CVCOURSE_MIRROR", answering)
    fetch.forget_failures()
    assert digits().source == "real"
    monkeypatch.setenv("CVCOURSE_MIRROR", url)
    assert digits(train=False).source == "embedded"
    assert "no connection to" in capsys.readouterr().out.splitlines()[0]


def test_offline_opens_no_socket(place, monkeypatch, capsys):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    monkeypatch.setenv("CVCOURSE_OFFLINE", "1")
    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert_embedded(capsys, "CVCOURSE_OFFLINE is set")
    with pytest.raises(DataError, match="CVCOURSE_OFFLINE is set"):
        digits(source="real")


def test_auto_never_makes_a_large_download(server, tiny, capsys, monkeypatch):
    monkeypatch.setattr(locate, "AUTO_LIMIT", tiny[0].download_size - 1)
    assert_embedded(capsys, "made with source='real' only")
    assert server.log == []
    assert_tiny(tiny, source="real")


# What a process does that wants the set; without the loaders, whose import of torch would take most of the test.
ONE_OF_TWO = """
import pickle, sys, types
for name in ("digits", "photographs"):
    sys.modules[f"cvcourse.data.{name}"] = types.SimpleNamespace(**{name: None, name.title(): None})
from cvcourse.data import locate, unpack
entry = pickle.loads(bytes.fromhex(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(unpack.is_ready(entry, locate.locate(entry, None, "real").root))
"""


def test_two_processes_at_once_both_get_the_whole_set(server, place, tiny):
    server.misbehave("mnist/train-images-idx3-ubyte.gz", faults.truncate(at=5000), times=3)
    command = [sys.executable, "-W", "error", "-c", ONE_OF_TWO, pickle.dumps(tiny[0]).hex()]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    answers = []
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        answers.append(process.communicate(timeout=60)[0].strip())
    assert answers == ["True", "True"]
    assert sorted(path.name for path in (place / "cache").iterdir() if path.name != "downloads") == ["mnist"]


# The real pack


def test_the_real_pack_is_mnist(real_data, tmp_path, monkeypatch, capsys):
    if not (real_data / "mnist.zip").exists():
        pytest.skip("CVCOURSE_DATA holds no mnist.zip")
    from torchvision.datasets import MNIST

    monkeypatch.setenv("CVCOURSE_DATA", str(real_data))
    monkeypatch.setenv("CVCOURSE_CACHE", str(tmp_path))
    locate.forget_decisions()
    train, test = digits(), digits(train=False)
    assert capsys.readouterr().out == "digits: MNIST, from CVCOURSE_DATA/mnist.zip\n"
    assert train.images.shape == (60_000, 1, 28, 28) and test.images.shape == (10_000, 1, 28, 28)
    assert train.images.mean() == pytest.approx(0.1307, abs=1e-4) and train.images.std() == pytest.approx(
        0.3081, abs=1e-4
    )
    theirs = MNIST(tmp_path / "mnist", train=False)
    assert torch.equal(theirs.data.unsqueeze(1) / 255, test.images) and torch.equal(theirs.targets, test.labels)
    published = {file.published.name: file.packed for file in REGISTRY["mnist"].files}
    with zipfile.ZipFile(real_data / "mnist.zip") as archive:
        for name, md5 in MNIST.resources:
            content = archive.read(published[name])
            assert hashlib.md5(content).hexdigest() == md5
            assert (
                _checksum(content)
                == next(f for f in REGISTRY["mnist"].files if f.published.name == name).published.checksum
            )
