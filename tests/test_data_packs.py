"""Sets that come as one archive: unpacked whole or not at all, found again, downloaded from their publisher."""

import dataclasses
import hashlib
import json
import os
import shutil
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import cvcourse.data as data
from cvcourse.data import catalogue, choose, fetch, locate, whole
from cvcourse.data.registry import REGISTRY, Archive, Published
from cvcourse.errors import DataError
from tests import server as faults
from tests import tiny_sets
from tests.server import FileServer, refusing_url


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A machine of its own: empty CVCOURSE_DATA and cache folder, tiny BCCD, Omniglot and Olivetti, no publisher."""
    monkeypatch.setenv("CVCOURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CVCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CVCOURSE_MIRROR", refusing_url())
    monkeypatch.delenv("CVCOURSE_OFFLINE", raising=False)
    for name, value in {"READ_TIMEOUT": 0.3, "CONNECT_TIMEOUT": 0.5, "PAUSE": 0.01, "ATTEMPTS": 2}.items():
        monkeypatch.setattr(fetch, name, value)
    for name in ("bccd", "omniglot_small", "bsd68", "set12"):
        monkeypatch.setitem(REGISTRY, name, tiny_sets.tiny_entry(name))
    (tmp_path / "data").mkdir()
    locate.forget_decisions()
    fetch.forget_failures()
    yield tmp_path
    locate.forget_decisions()
    fetch.forget_failures()


@pytest.fixture
def pack(place):
    """bccd.zip in CVCOURSE_DATA."""
    tiny_sets.bccd(place / "made")
    tiny_sets.zip_folder(place / "made", place / "data" / "bccd.zip")
    return place / "data" / "bccd.zip"


def published(path: Path, into: str = ".", unpacked: bool = True) -> Archive:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Archive(Published(path.name, path.stat().st_size, f"sha256:{digest}"), into, unpacked)


@pytest.fixture
def archive(place, monkeypatch):
    """Penn-Fudan as its publisher serves it, a tar file here, in a folder of its own; not in CVCOURSE_DATA."""
    tiny_sets.penn_fudan(place / "made")
    path = place / "PennFudanPed.tar.gz"
    tiny_sets.tar_folder(place / "made", path)
    entry = dataclasses.replace(tiny_sets.tiny_entry("penn_fudan"), archives=(published(path),))
    monkeypatch.setitem(REGISTRY, "penn_fudan", entry)
    return path


@pytest.fixture
def server(place, archive, monkeypatch):
    with FileServer({f"penn_fudan/{archive.name}": archive.read_bytes()}) as running:
        monkeypatch.setenv("CVCOURSE_MIRROR", running.url)
        yield running


def mark(path: Path) -> int:
    return path.stat().st_mtime_ns


# Packs


def test_a_pack_is_unpacked_once_into_the_cache_folder(place, pack, capsys):
    assert len(data.BCCD("train")) == 2
    first = place / "cache" / "bccd" / "BCCD" / "JPEGImages" / "BloodImage_00000.jpg"
    before = mark(first)
    assert len(data.BCCD("test")) == 1
    assert mark(first) == before
    assert os.listdir(place / "cache") == ["bccd"] and os.listdir(place / "data") == ["bccd.zip"]
    assert capsys.readouterr().out.startswith("detection: BCCD blood cells, from CVCOURSE_DATA/bccd.zip; licence: MIT")


def test_another_pack_under_the_same_name_takes_the_place_of_the_first(place, pack):
    assert data.BCCD("train")[0][0].shape == (3, 32, 48)
    tiny_sets.write(place / "made" / "BCCD" / "ImageSets" / "Main" / "train.txt", "BloodImage_00003\n")
    pack.unlink()
    tiny_sets.zip_folder(place / "made", pack)
    assert data.BCCD("train").names == ["BloodImage_00003"]


def test_sets_of_one_pack_share_one_folder(place):
    tiny_sets.grey_images(place / "made")
    tiny_sets.zip_folder(place / "made", place / "data" / "denoise_gray.zip")
    assert len(data.GreyImages("bsd68")) == len(data.GreyImages("set12")) == 3
    assert os.listdir(place / "cache") == ["denoise_gray"]


def test_what_is_gone_from_the_cache_is_unpacked_again(place, pack):
    data.BCCD("train")
    lost = place / "cache" / "bccd" / "BCCD" / "Annotations" / "BloodImage_00001.xml"
    lost.write_text("")
    assert not locate.is_cached(REGISTRY["bccd"])
    assert len(data.BCCD("train")) == 2 and lost.stat().st_size > 100
    assert os.listdir(place / "cache") == ["bccd"]


def test_the_cache_is_enough_when_the_pack_is_gone(place, pack, monkeypatch):
    data.BCCD("train")
    pack.unlink()
    assert len(data.BCCD("train")) == 2
    monkeypatch.delenv("CVCOURSE_DATA")
    assert len(data.BCCD("train")) == 2
    (place / "cache" / "bccd" / whole.LIST).write_text("no json")
    with pytest.raises(DataError, match="not at hand"):
        data.BCCD("train")


def test_a_read_only_data_folder_stays_as_it_is(place, pack):
    pack.parent.chmod(0o555)
    try:
        assert len(data.BCCD("train")) == 2
        assert os.listdir(pack.parent) == ["bccd.zip"]
    finally:
        pack.parent.chmod(0o755)


def rewritten(path, change):
    """The zip again with other members: `change` maps a dict of names and contents."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in change(files).items():
            archive.writestr(name, content)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)


DAMAGES = {
    "not a zip": lambda path: path.write_bytes(b"PK no zip"),
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a flipped byte": flip,
    "another set": lambda path: rewritten(path, lambda files: {f"x/{name}": each for name, each in files.items()}),
    "a way out": lambda path: rewritten(path, lambda files: files | {"../outside.txt": b"x"}),
    "an absolute path": lambda path: rewritten(path, lambda files: files | {"/tmp/outside.txt": b"x"}),
    "a Windows path": lambda path: rewritten(path, lambda files: files | {"..\\outside.txt": b"x"}),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_pack_is_one_line_and_nothing_is_left(place, pack, damage):
    damage(pack)
    with pytest.raises(DataError, match=r"bccd\.zip ") as caught:
        data.BCCD("train")
    assert "\n" not in str(caught.value)
    assert not (place / "cache").exists() or os.listdir(place / "cache") == []
    assert not (place / "outside.txt").exists() and not (place / "cache" / "outside.txt").exists()


def test_a_full_disk_is_one_line(place, pack, monkeypatch):
    usage = shutil._ntuple_diskusage(10**9, 10**9 - 1000, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DataError, match=r"no space left in .*CVCOURSE_CACHE"):
        data.BCCD("train")
    assert os.listdir(place / "cache") == []


def test_several_at_once_all_get_the_whole_set(place, pack):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(data.BCCD, ["train", "val", "test", "train"]))
    assert [len(each) for each in found] == [2, 1, 1, 2]
    assert os.listdir(place / "cache") == ["bccd"] and whole.is_ready(place / "cache" / "bccd")


# Archives of a publisher


def test_a_small_archive_is_downloaded_unpacked_and_cleared(place, server):
    found = data.PennFudan("train")
    assert len(found) == 4 and found[0][1]["boxes"].shape == (2, 4)
    assert os.listdir(place / "cache" / "penn_fudan") and not (place / "cache" / "downloads" / "penn_fudan").exists()
    assert len(server.log) == 1
    data.PennFudan("test")
    assert len(server.log) == 1


def test_a_download_goes_on_where_it_broke_off(place, server, archive):
    size = archive.stat().st_size
    server.misbehave(f"penn_fudan/{archive.name}", faults.truncate(at=size // 2), times=1)
    assert len(data.PennFudan("train")) == 4
    assert [(request.start, request.status) for request in server.log] == [(None, 200), (size // 2, 206)]


def test_an_archive_of_unknown_size_is_downloaded_and_resumed_too(place, server, archive, monkeypatch):
    entry = REGISTRY["penn_fudan"]
    unknown = dataclasses.replace(entry.archives[0].published, size=None, path="123")
    monkeypatch.setitem(REGISTRY, "penn_fudan", dataclasses.replace(entry, archives=(Archive(unknown),)))
    server.misbehave(f"penn_fudan/{archive.name}", faults.truncate(at=1000), times=1)
    assert len(data.PennFudan("train")) == 4
    assert [(request.start, request.status) for request in server.log] == [(None, 200), (1000, 206)]


def test_a_publishers_path_is_used_at_the_publisher_only(place, server, archive, monkeypatch):
    entry = REGISTRY["penn_fudan"]
    elsewhere = dataclasses.replace(entry.archives[0].published, path="files/123")
    at_home = dataclasses.replace(entry, archives=(Archive(elsewhere),), addresses=(f"{server.url}/home/",))
    monkeypatch.setitem(REGISTRY, "penn_fudan", at_home)
    monkeypatch.delenv("CVCOURSE_MIRROR")
    server.files["home/files/123"] = archive.read_bytes()
    assert len(data.PennFudan("train")) == 4
    assert [request.path for request in server.log] == ["home/files/123"]


def test_a_corrupt_download_is_refused(place, server, archive):
    server.misbehave(f"penn_fudan/{archive.name}", faults.corrupt(at=100))
    with pytest.raises(DataError, match="another checksum"):
        data.PennFudan("train")
    assert not (place / "cache" / "penn_fudan").exists()


def test_a_large_archive_is_downloaded_only_when_asked_for(place, server, monkeypatch):
    monkeypatch.setattr(locate, "AUTO_LIMIT", 100)
    with pytest.raises(DataError, match=r"only when asked for\. Run `cvcourse data get penn_fudan`"):
        data.PennFudan("train")
    assert server.log == []
    assert catalogue.get("penn_fudan").root == place / "cache" / "penn_fudan"
    assert len(data.PennFudan("train")) == 4


def test_an_archive_that_readers_put_there_is_unpacked(place, archive, monkeypatch):
    monkeypatch.setenv("CVCOURSE_OFFLINE", "1")
    shutil.copy(archive, place / "data")
    assert len(data.PennFudan("train")) == 4
    shutil.rmtree(place / "cache")
    os.truncate(place / "data" / archive.name, 500)
    with pytest.raises(DataError, match=r"PennFudanPed\.tar\.gz is missing or damaged"):
        data.PennFudan("train")


def test_one_of_two_archives_is_not_enough(place, monkeypatch):
    tiny_sets.pets(place / "made")
    base = place / "made" / "oxford-iiit-pet"
    archives = []
    for part in ("images", "annotations"):
        path = place / f"{part}.tar.gz"
        with tarfile.open(path, "w:gz") as file:
            file.add(base / part, part)
        archives.append(published(path, "oxford-iiit-pet"))
    entry = dataclasses.replace(tiny_sets.tiny_entry("pets"), archives=tuple(archives))
    monkeypatch.setitem(REGISTRY, "pets", entry)
    shutil.copy(place / "images.tar.gz", place / "data")
    with pytest.raises(DataError, match=r"annotations\.tar\.gz is missing"):
        data.OxfordPets()
    shutil.copy(place / "annotations.tar.gz", place / "data")
    assert len(data.OxfordPets()) == 2


def test_files_that_stay_packed_are_put_where_torchvision_has_them(place, monkeypatch):
    tiny_sets.omniglot(place / "made")
    base = place / "made" / "omniglot-py"
    archives = tuple(
        published(base / f"images_{part}.zip", "omniglot-py", False) for part in ("background", "evaluation")
    )
    entry = dataclasses.replace(tiny_sets.tiny_entry("omniglot"), archives=archives)
    monkeypatch.setitem(REGISTRY, "omniglot", entry)
    files = {f"omniglot/{path.name}": path.read_bytes() for path in base.iterdir()}
    with FileServer(files) as running:
        monkeypatch.setenv("CVCOURSE_MIRROR", running.url)
        assert len(data.Omniglot("evaluation")) == 6
    assert sorted(os.listdir(place / "cache" / "omniglot" / "omniglot-py")) == [
        "images_background.zip",
        "images_evaluation.zip",
    ]


def test_links_in_a_tar_file_are_left_out(place, archive, monkeypatch):
    with tarfile.open(archive, "w:gz") as file:
        file.add(place / "made" / "PennFudanPed", "PennFudanPed")
        link = tarfile.TarInfo("PennFudanPed/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    entry = dataclasses.replace(REGISTRY["penn_fudan"], archives=(published(archive),))
    monkeypatch.setitem(REGISTRY, "penn_fudan", entry)
    shutil.copy(archive, place / "data")
    assert len(data.PennFudan()) == 4
    assert not (place / "cache" / "penn_fudan" / "PennFudanPed" / "link").is_symlink()


# The choice between real and embedded


def test_choose_takes_the_real_set_where_it_is_and_says_so(place, pack, capsys):
    found = choose(lambda: data.BCCD("train"), lambda: data.photographs(["coffee"]), what="cells")
    assert isinstance(found, data.BCCD)
    assert capsys.readouterr().out.startswith("detection: BCCD")


def test_choose_falls_back_and_says_why_once(place, capsys):
    for _ in range(2):
        found = choose(lambda: data.BCCD("train"), lambda: data.photographs(["coffee"]), what="cells")
        assert isinstance(found, data.Photographs)
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.startswith("cells: Photographs (embedded), because of BCCD blood cells: not")


def test_choose_goes_on_after_a_damaged_pack(place, pack, capsys):
    pack.write_bytes(b"no zip")
    found = choose(lambda: data.BCCD("train"), lambda: data.photographs(["coffee"]))
    assert isinstance(found, data.Photographs) and "bccd.zip is damaged" in capsys.readouterr().out
    with pytest.raises(DataError, match=r"bccd\.zip is damaged"):
        choose(lambda: data.BCCD("train"), lambda: None, "real")


def test_choose_does_as_it_is_told(place):
    assert choose(lambda: 1, lambda: 2, "real") == 1 and choose(lambda: 1, lambda: 2, "embedded") == 2
    with pytest.raises(ValueError, match="source is 'reel'"):
        choose(lambda: 1, lambda: 2, "reel")


# The registry


def test_every_entry_can_be_read_and_either_downloaded_or_brought():
    for name, entry in REGISTRY.items():
        assert entry.name == name and entry.title and entry.licence and entry.citation and entry.items
        assert hasattr(data, entry.loader), name
        kinds = [entry.embedded, bool(entry.files), bool(entry.layouts)]
        assert sum(kinds) == 1, name
        if not entry.embedded:
            assert bool(entry.downloads) == bool(entry.addresses) != bool(entry.bring), name
        assert all(address.startswith("http") and address.endswith("/") for address in entry.addresses), name
        for file in entry.downloads:
            algorithm, _, digest = file.checksum.partition(":")
            assert len(digest) == {"md5": 32, "sha256": 64}[algorithm], name


def test_checksums_are_the_ones_that_the_libraries_publish():
    from sklearn.datasets import _lfw, _olivetti_faces
    from torchvision.datasets import CIFAR10, Omniglot, OxfordIIITPet

    known = {file.checksum: file.path for entry in REGISTRY.values() for file in entry.downloads}
    theirs = [CIFAR10.tgz_md5, *Omniglot.zips_md5.values(), *(md5 for _, md5 in OxfordIIITPet._RESOURCES)]
    assert {f"md5:{digest}" for digest in theirs} <= known.keys()
    for remote in (_olivetti_faces.FACES, _lfw.FUNNELED_ARCHIVE, *_lfw.TARGETS):
        assert remote.url.endswith(f"/files/{known[f'sha256:{remote.checksum}']}")


def test_the_list_of_files_is_short_to_read(place, pack):
    data.BCCD("train")
    files = json.loads((place / "cache" / "bccd" / whole.LIST).read_text())
    assert len(files) == 11 and all(len(each) == 2 for each in files.values())
    assert whole.damaged(place / "cache" / "bccd") == []
