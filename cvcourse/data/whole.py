"""Unpack a set that comes as archives of many files, and know later whether all of them are still there.

Beside the files lies a list of them with their sizes and CRC-32s (`LIST`). `is_ready` compares the sizes, which costs
milliseconds; `damaged` reads everything.
"""

import gzip
import json
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tqdm.auto import tqdm

from cvcourse.data import integrity
from cvcourse.data.registry import DataSet
from cvcourse.data.unpack import DamagedError, staged

LIST = ".cvcourse-files.json"
CHUNK = 1 << 20
BAR_FROM = 50_000_000  # bytes: less is unpacked in a second

Files = dict[str, tuple[int, int]]  # path below the root: bytes, CRC-32

_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    NotImplementedError,
)


def is_ready(root: Path) -> bool:
    """Whether all files that were unpacked into `root` are there, each with its size."""
    try:
        return all((root / path).stat().st_size == size for path, (size, _) in _read_list(root).items())
    except (OSError, ValueError):
        return False


def damaged(root: Path) -> list[Path]:
    """The files of `root` that are missing or have other content than when they were unpacked; `root` has a list."""
    return [root / path for path, expected in _read_list(root).items() if _measure(root / path) != expected]


def has_list(root: Path) -> bool:
    """Whether `root` was unpacked by this module, so that `damaged` can tell."""
    return (root / LIST).is_file()


def is_from(pack: Path, root: Path) -> bool:
    """Whether `root` holds what the zip `pack` holds, by sizes and CRC-32s: the content of `pack` is not read."""
    try:
        with zipfile.ZipFile(pack) as archive:
            inside = {info.filename: (info.file_size, info.CRC) for info in archive.infolist() if not info.is_dir()}
        return inside == _read_list(root)
    except (*_DAMAGED, OSError, ValueError):
        return False


def from_pack(entry: DataSet, pack: Path, target: Path) -> None:
    """Make `target` from the zip `pack` that holds the set in one of its layouts.

    Raises:
        DamagedError: the zip is broken or holds something else; the message names it and says what to do.
        DataError: the disk refused.
    """
    mend = f"{pack} is damaged or is not the pack of {entry.title}: put a whole copy in its place, or remove it"
    with staged(target, _unpacked_size(pack, mend), lambda: is_ready(target) and is_from(pack, target)) as staging:
        files = _unpack(pack, staging, PurePosixPath("."), mend)
        if not any((staging / layout).exists() for layout in entry.layouts):
            raise DamagedError(f"{pack} is not the pack of {entry.title}: it lacks {' or '.join(entry.layouts)}")
        _write_list(staging, files)


def from_archives(entry: DataSet, folder: Path, target: Path) -> None:
    """Make `target` from the published archives of the set, which lie in `folder`.

    Raises:
        DamagedError: an archive is missing, broken or not what its checksum promises; the message names it.
        DataError: the disk refused.
    """
    paths = {archive: folder / archive.published.name for archive in entry.archives}
    for archive, path in paths.items():
        if not integrity.is_intact(path, archive.published.size, archive.published.checksum):
            raise DamagedError(f"{path} is missing or damaged: download it again, or remove it")
    needed = sum(_unpacked_size(path, f"{path} is damaged: download it again") for path in paths.values())
    with staged(target, needed, lambda: is_ready(target)) as staging:
        files: Files = {}
        for archive, path in paths.items():
            into = PurePosixPath(archive.into)
            if archive.unpacked:
                files |= _unpack(path, staging, into, f"{path} is damaged: download it again, or remove it")
            else:
                name = str(into / path.name)
                (staging / into).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, staging / name)
                files[name] = _measure(staging / name)
        _write_list(staging, files)


def _read_list(root: Path) -> Files:
    """What was unpacked into `root`. Raises OSError or ValueError where that is not known."""
    files = json.loads((root / LIST).read_text(encoding="utf-8"))
    return {path: (size, crc) for path, (size, crc) in files.items()}


def _write_list(root: Path, files: Files) -> None:
    (root / LIST).write_text(json.dumps(files), encoding="utf-8")


def _measure(path: Path) -> tuple[int, int] | None:
    """Bytes and CRC-32 of a file; None where it cannot be read."""
    size = crc = 0
    try:
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                size, crc = size + len(chunk), zlib.crc32(chunk, crc)
    except OSError:
        return None
    return size, crc


def _unpacked_size(path: Path, mend: str) -> int:
    """Bytes that the archive's content will take: as a zip says, for others as pictures in a tar file do."""
    if path.suffix != ".zip":
        return int(path.stat().st_size * 1.2)
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(info.file_size for info in archive.infolist())
    except (*_DAMAGED, OSError) as error:
        raise DamagedError(mend) from error


def _unpack(path: Path, root: Path, into: PurePosixPath, mend: str) -> Files:
    """Unpack the archive `path` into `root / into`; gives what was written."""
    files: Files = {}
    bar = tqdm(desc=f"unpacking {path.name}", unit=" files", leave=False, disable=path.stat().st_size < BAR_FROM)
    with bar:
        for name, size, opener in _members(path, mend):
            inside = _safe(name, mend)
            target = root / into / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            files[str(into / inside)] = _copy(opener, target, size, mend)
            bar.update()
    return files


def _members(path: Path, mend: str) -> Iterator[tuple[str, int, Callable[[], BinaryIO]]]:
    """Name, size and opener of each ordinary file in a zip or tar file; links and devices are left out."""
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if not info.is_dir():
                        yield info.filename, info.file_size, lambda info=info: archive.open(info)
        else:
            with tarfile.open(path) as archive:
                for member in archive:
                    if member.isfile():
                        yield member.name, member.size, lambda member=member: archive.extractfile(member)
    except _DAMAGED as error:
        raise DamagedError(mend) from error


def _safe(name: str, mend: str) -> PurePosixPath:
    """The name of a member as a path that stays below the root."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.parts:
        raise DamagedError(mend)
    return path


def _copy(opener: Callable[[], BinaryIO], target: Path, size: int, mend: str) -> tuple[int, int]:
    """Write one member; gives its bytes and CRC-32. A zip's own CRC is compared by zipfile at the last byte."""
    written = crc = 0
    try:
        with opener() as source, open(target, "wb") as out:
            while chunk := source.read(CHUNK):
                written, crc = written + len(chunk), zlib.crc32(chunk, crc)
                out.write(chunk)
    except _DAMAGED as error:
        raise DamagedError(mend) from error
    if written != size:
        raise DamagedError(mend)
    return written, crc
