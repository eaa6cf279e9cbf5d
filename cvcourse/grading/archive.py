"""Reading what strangers packed: members of a zip file or a folder, with their defects named and nothing extracted.

A zip as a whole is refused with an `ArchiveError` (encryption, a bomb, a damaged directory). A single member that
cannot be read or must not be (a link, a path that leads out, one that is there twice) is told by `Member.read`, which
raises `MemberError`.
"""

import contextlib
import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cvcourse.errors import ClassError

MIB = 1024 * 1024
JUNK = re.compile(
    r"(^|/)(__MACOSX|\.ipynb_checkpoints|__pycache__)(/|$)|(^|/)(\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)$"
)
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError, ValueError)


class ArchiveError(ClassError):
    """A whole archive is refused."""


class MemberError(ClassError):
    """One member cannot be read; the message is the reason alone, such as `is a symbolic link`."""


@dataclass(frozen=True)
class Limits:
    """What an archive may hold: members, bytes of one and of all unpacked, and how far it may be compressed."""

    members: int = 20_000
    total: int = 4096 * MIB
    member: int = 64 * MIB
    ratio: int = 100
    ratio_from: int = 1024 * MIB


EXPORT = Limits()
NESTED = Limits(members=1_000, total=256 * MIB, ratio_from=64 * MIB)


@dataclass(frozen=True)
class Member:
    """One file of an export.

    Attributes:
        name: its path there with forward slashes, Unicode in composed form.
        size: bytes unpacked, as declared.
        time: when it was written, with a time zone, or None.
        read: gives its bytes, or raises `MemberError`.
        too_large: it is beyond the limit of one member, so `read` refuses.
        astray: its path is none of a file in the archive and tells nobody's, so `read` refuses.
    """

    name: str
    size: int
    time: datetime | None
    read: Callable[[], bytes]
    too_large: bool = False
    astray: bool = False


@contextmanager
def open_export(path: Path) -> Iterator[list[Member]]:
    """The members of a zip file or a folder; read them while the context is open.

    Raises:
        ArchiveError: there is nothing to read at `path`, or it is refused as a whole.
    """
    if path.is_dir():
        yield _folder_members(path, EXPORT)
        return
    if not path.exists():
        raise ArchiveError(f"there is no file or folder {path}: give the zip that the learning platform exported")
    with contextlib.ExitStack() as opened:
        try:  # not around the yield: what the caller cannot write has nothing to do with the export
            file = opened.enter_context(path.open("rb"))
            members = zip_members(file, path.name, EXPORT)
        except OSError as error:
            why = error.strerror or error
            raise ArchiveError(f"cannot read {path}: {why}; download the export once more") from error
        yield members


def nested_members(data: bytes, name: str) -> list[Member]:
    """The members of a zip that a student handed in, under tighter limits."""
    return zip_members(io.BytesIO(data), name, NESTED)


def zip_members(file, name: str, limits: Limits) -> list[Member]:
    """The members of a zip file, after the checks that concern it as a whole.

    Raises:
        ArchiveError: it is refused.
    """
    try:
        archive = zipfile.ZipFile(file)
        infos = archive.infolist()
    except _DAMAGED as error:
        raise ArchiveError(f"{name} is no zip file or a damaged one ({error}); download it once more") from error
    packed = file.seek(0, os.SEEK_END)
    infos = [info for info in infos if not info.is_dir()]
    _refuse_bomb(infos, packed, name, limits)
    if locked := next((info for info in infos if info.flag_bits & 0x1), None):
        raise ArchiveError(f"{name} is encrypted ({_printable(locked.filename)!r}); export it without a password")
    named = [(info, *_safe_name(info)) for info in infos]
    count = Counter(member for _, member, _ in named)
    members = []
    for info, member, astray in named:
        problem = (
            astray or _no_file(info) or ("is there twice, so it is unclear which one counts" * (count[member] > 1))
        )
        if not JUNK.search(member):
            members.append(_zip_member(archive, info, member, limits, problem, astray=bool(astray)))
    return members


def _zip_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, limits: Limits, problem: str, *, astray: bool
) -> Member:
    def read() -> bytes:
        if problem:
            raise MemberError(problem)
        return _read_zip(archive, info, limits)

    return Member(name, info.file_size, _zip_time(info), read, info.file_size > limits.member, astray)


def _safe_name(info: zipfile.ZipInfo) -> tuple[str, str]:
    """The member's name with forward slashes, and what is wrong with it where it cannot be a file's below a folder."""
    name = info.filename
    if not info.flag_bits & 0x800:
        # Without the UTF-8 flag the name is cp437 by the book, but most tools write plain UTF-8 bytes all the same.
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    name = unicodedata.normalize("NFC", name.replace("\\", "/"))
    parts = name.split("/")
    if "\x00" in info.orig_filename or any(ord(char) < 32 for char in name):
        return _printable(name), "has control characters in its name"
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name):
        return _printable(name), "has a path that leads out of the zip"
    return "/".join(part for part in parts if part not in ("", ".")), ""


def _refuse_bomb(infos: list[zipfile.ZipInfo], packed: int, name: str, limits: Limits) -> None:
    total = sum(info.file_size for info in infos)
    if len(infos) > limits.members:
        raise ArchiveError(f"{name} holds {len(infos)} files, more than the {limits.members} allowed; split it")
    usable = [info for info in infos if info.file_size <= limits.member]
    inflated = total > limits.ratio * max(packed, 1)
    if total > limits.total or (inflated and (total > limits.ratio_from or (infos and not usable))):
        raise ArchiveError(
            f"{name} ({packed / MIB:.1f} MiB) would unpack to {total / MIB:,.0f} MiB: a zip bomb; do not use this file"
        )


def _no_file(info: zipfile.ZipInfo) -> str:
    """Why a member is no ordinary file, empty where it is one."""
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "is a symbolic link"
    return "is no ordinary file" if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG) else ""


def _read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> bytes:
    """The member's bytes in small steps: a header that lies about the size must not cost memory."""
    if info.file_size > limits.member:
        raise MemberError(f"is too large ({info.file_size / MIB:,.0f} MiB, allowed are {limits.member // MIB})")
    chunks = []
    try:
        with archive.open(info) as file:
            while chunk := file.read(MIB):
                chunks.append(chunk)
    except (*_DAMAGED, OSError) as error:
        raise MemberError(f"is damaged in the zip ({error})") from error
    return b"".join(chunks)


def _zip_time(info: zipfile.ZipInfo) -> datetime | None:
    """The extended time stamp (UTC) where there is one, else the plain one, which is local time without a zone.

    1 January 1980 is what packers write that know no time.
    """
    extra = info.extra
    while len(extra) >= 4:
        tag, size = struct.unpack("<HH", extra[:4])
        if tag == 0x5455 and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            return datetime.fromtimestamp(struct.unpack("<i", extra[5:9])[0], UTC)
        extra = extra[4 + size :]
    try:
        moment = datetime(*info.date_time)
        return None if moment.year <= 1980 else moment.astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _folder_members(folder: Path, limits: Limits) -> list[Member]:
    members: list[Member] = []
    total = 0
    for path in _walk(folder):
        shown = _printable(path.relative_to(folder).as_posix())
        if JUNK.search(shown):
            continue
        info = path.lstat()
        total += info.st_size
        time = datetime.fromtimestamp(info.st_mtime, UTC)
        too_large = info.st_size > limits.member
        members.append(Member(shown, info.st_size, time, lambda path=path: _read_file(path, limits), too_large))
        if len(members) > limits.members or total > limits.total:
            raise ArchiveError(f"{folder} holds too much to be an export; give the folder of the submissions")
    return members


def _printable(name: str) -> str:
    """A path of the disk as text: bytes that are no UTF-8 and control characters become question marks."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    return "".join(char if char.isprintable() else "?" for char in text)


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below `folder`, without following links; a link, also to a folder, counts as a file.

    A folder below it that cannot be opened is given as a path itself, so that it is set aside and not overlooked.
    """
    closed: list[OSError] = []
    for base, folders, names in os.walk(folder, onerror=closed.append):
        links = [name for name in folders if os.path.islink(os.path.join(base, name))]
        folders[:] = sorted(name for name in folders if name not in links)
        yield from (Path(base) / name for name in sorted(names + links))
    for error in closed:
        if Path(error.filename) == folder:
            raise ArchiveError(f"cannot read {folder}: {error.strerror}; mend the permissions") from error
        yield Path(error.filename)


def _read_file(path: Path, limits: Limits) -> bytes:
    info = path.lstat()
    if stat.S_ISLNK(info.st_mode):
        raise MemberError("is a symbolic link")
    if stat.S_ISDIR(info.st_mode):
        raise MemberError("is a folder that cannot be opened (mend its permissions)")
    if not stat.S_ISREG(info.st_mode):
        raise MemberError("is no ordinary file")
    if info.st_size > limits.member:
        raise MemberError(f"is too large ({info.st_size / MIB:,.0f} MiB, allowed are {limits.member // MIB})")
    try:
        # NOFOLLOW: the file may have become a link since it was looked at. Windows has no such flag.
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
            return file.read(limits.member)
    except OSError as error:
        raise MemberError(f"cannot be read ({error.strerror})") from error
