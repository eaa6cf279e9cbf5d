"""Archives that are refused as a whole, with the class folder as it was, and members that are set aside."""

import io
import struct
import zipfile

import pytest

from cvcourse.grading import archive
from cvcourse.grading.archive import EXPORT, ArchiveError, Limits, MemberError, open_export, zip_members
from tests.exports import PLAIN, make_class, run_cli, snapshot, work, zip_bytes, zipped

MIB = 1024 * 1024


def members(data: bytes, limits: Limits = EXPORT):
    return zip_members(io.BytesIO(data), "export.zip", limits)


def encrypted() -> bytes:
    """A zip whose member claims to be encrypted, in both of its headers."""
    data = bytearray(zip_bytes({"ada/a.ipynb": b"x"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def twice() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("ada/a.ipynb", "1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("ada/a.ipynb", "2")
    return packed.getvalue()


BAD = {
    "not a zip": (lambda: b"hello", "is no zip file or a damaged one"),
    "cut off": (lambda: zip_bytes({"ada/a.ipynb": work()})[:-30], "is no zip file or a damaged one"),
    "encrypted": (encrypted, "is encrypted"),
    "bomb": (lambda: zip_bytes({"ada/a.ipynb": bytes(80 * MIB)}), "a zip bomb"),
    "many": (lambda: zip_bytes({f"ada/{i}": b"" for i in range(20_001)}), "holds 20001 files"),
}


ONE_MEMBER = {
    "climbs": (lambda: zip_bytes({"ada/a.ipynb": work(), "../../.bashrc": b"x"}), "leads out of the zip"),
    "climbs, Windows": (lambda: zip_bytes({"ada\\..\\..\\x.ipynb": b"x"}), "leads out of the zip"),
    "absolute": (lambda: zip_bytes({"/etc/passwd": b"x"}), "leads out of the zip"),
    "drive": (lambda: zip_bytes({"C:/x.ipynb": b"x"}), "leads out of the zip"),
    "network path": (lambda: zip_bytes({"\\\\server\\x.ipynb": b"x"}), "leads out of the zip"),
    "control characters": (lambda: zip_bytes({"ada/\x1b[2Ja.ipynb": b"x"}), "control characters"),
    "link": (lambda: zip_bytes({"ada/a.ipynb": b"/etc/passwd"}, external_attr=0o120777 << 16), "a symbolic link"),
    "device": (lambda: zip_bytes({"ada/a.ipynb": b""}, external_attr=0o020666 << 16), "no ordinary file"),
    "twice": (twice, "is there twice"),
}


@pytest.fixture(scope="module")
def shared_class(tmp_path_factory):
    return make_class(tmp_path_factory.mktemp("class"), PLAIN)


@pytest.mark.parametrize("case", BAD)
def test_refused_as_a_whole(shared_class, monkeypatch, tmp_path, case):
    make, message = BAD[case]
    (tmp_path / "export.zip").write_bytes(make())
    before = snapshot(shared_class.root.parent)
    code, out, err = run_cli(monkeypatch, shared_class, "collect", tmp_path / "export.zip", "01")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert "\x1b" not in err
    assert snapshot(shared_class.root.parent) == before


@pytest.mark.parametrize("case", ONE_MEMBER)
def test_one_bad_member_is_set_aside_and_the_rest_is_taken(shared_class, monkeypatch, tmp_path, case):
    make, message = ONE_MEMBER[case]
    (tmp_path / "export.zip").write_bytes(make())
    with zipfile.ZipFile(tmp_path / "export.zip", "a") as file:
        file.writestr("grace/01_tiny.ipynb", work())
    code, out, err = run_cli(monkeypatch, shared_class, "collect", tmp_path / "export.zip", "01")
    assert (code, err) == (1, "")
    assert message in out
    assert "\x1b" not in out
    assert (shared_class.class_dir / "submitted" / "grace" / "01_tiny" / "01_tiny.ipynb").is_file()


def test_a_path_that_leads_out_hides_no_folder_around_everything(shared_class, monkeypatch, tmp_path):
    files = {"around/emmy/01_tiny.ipynb": work(), "../../evil.ipynb": work()}
    code, out, _ = run_cli(monkeypatch, shared_class, "collect", zipped(tmp_path / "export.zip", files), "01")
    assert (code, "../../evil.ipynb" in out) == (1, True)
    assert (shared_class.class_dir / "submitted" / "emmy" / "01_tiny" / "01_tiny.ipynb").is_file()


def test_limits_of_the_whole_and_of_one_member():
    data = zip_bytes({f"{i}.ipynb": bytes(1000) for i in range(10)})
    with pytest.raises(ArchiveError, match="a zip bomb"):
        members(data, Limits(total=9_999))
    with pytest.raises(ArchiveError, match="more than the 9 allowed"):
        members(data, Limits(members=9))
    with pytest.raises(ArchiveError, match="a zip bomb"):
        members(data, Limits(ratio=2, ratio_from=1000))
    small = members(zip_bytes({"big": bytes(1001), "small": b"x"}), Limits(member=1000))
    assert [member.too_large for member in small] == [True, False]
    with pytest.raises(MemberError, match="is too large"):
        small[0].read()


def test_a_header_that_lies_about_the_size_costs_no_memory():
    data = bytearray(zip_bytes({"a.ipynb": bytes(50 * MIB)}))
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, central + 24, 100)
    struct.pack_into("<I", data, 22, 100)
    with pytest.raises(MemberError, match="is damaged"):
        members(bytes(data))[0].read()


def test_names_in_every_encoding_and_with_either_slash():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("Zoë/a.ipynb", "flagged as UTF-8")
        file.writestr("Emilie_\\b.ipynb", "Windows")
    plain_utf8 = packed.getvalue().replace(b"Emilie_", "Émilie".encode())
    assert {member.name for member in members(plain_utf8)} == {"Zoë/a.ipynb", "Émilie/b.ipynb"}
    old_dos = packed.getvalue().replace(b"Emilie_", "_Émilie".encode("cp437"))
    assert "_Émilie/b.ipynb" in {member.name for member in members(old_dos)}


def test_composed_and_decomposed_names_are_one():
    assert members(zip_bytes({"Zoe\u0308/a.ipynb": b"x"}))[0].name == "Zo\u00eb/a.ipynb"


def test_an_unknown_compression_is_one_members_defect():
    data = bytearray(zip_bytes({"a.ipynb": b"x" * 100}))
    struct.pack_into("<H", data, 8, 97)
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 10, 97)
    with pytest.raises(MemberError, match="is damaged"):
        members(bytes(data))[0].read()


def test_nothing_is_ever_extracted(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile.ZipFile, "extractall", lambda *_: pytest.fail("extracted"))
    monkeypatch.setattr(zipfile.ZipFile, "extract", lambda *_: pytest.fail("extracted"))
    with open_export(zipped(tmp_path / "x.zip", {"ada/a.ipynb": b"1", "ada/": b""})) as found:
        assert [(member.name, member.read()) for member in found] == [("ada/a.ipynb", b"1")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.zip"]


def test_a_folder_with_too_much_in_it_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"12345")
    monkeypatch.setattr(archive, "EXPORT", Limits(total=4))
    with pytest.raises(ArchiveError, match="too much to be an export"), open_export(tmp_path):
        pass
