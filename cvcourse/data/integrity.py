"""Whether a file is what its checksum promises, and what to say when the disk refuses."""

import errno
import os
import time
from functools import lru_cache
from pathlib import Path

import pooch

from cvcourse.data.registry import MEGABYTE
from cvcourse.errors import DataError

_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


def is_intact(path: Path, size: int | None, checksum: str) -> bool:
    """Whether `path` has `size` bytes (None: any) and the checksum `alg:hex`. Read once per process and change."""
    try:
        status = path.stat()
        if size is not None and status.st_size != size:
            return False
        return _digest(path, status.st_mtime_ns, status.st_size, _algorithm(checksum)) == checksum
    except OSError:
        return False


def _algorithm(checksum: str) -> str:
    return checksum.partition(":")[0]


@lru_cache(maxsize=1024)
def _digest(path: Path, mtime_ns: int, size: int, algorithm: str) -> str:
    """The file's checksum; time and size are there so that a changed file is read again."""
    return f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}"


def age(path: Path) -> float:
    """Seconds since `path` was last written; 0 where it is gone by now."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def disk_error(error: OSError, folder: Path, needed: int) -> DataError:
    """The one line that says why `needed` bytes could not be written into `folder`, and what to do."""
    if error.errno in _NO_ROOM:
        return no_room(folder, needed)
    if error.errno in _NOT_ALLOWED:
        return DataError(f"{folder} cannot be written: set CVCOURSE_CACHE to a folder where you may write")
    return DataError(f"writing into {folder} failed ({error.strerror or error}): set CVCOURSE_CACHE to another folder")


def no_room(folder: Path, needed: int) -> DataError:
    """The one line for a full disk."""
    need = f"up to {needed / MEGABYTE:.0f} MB are needed; " if needed else ""
    return DataError(f"no space left in {folder}: {need}free some, or set CVCOURSE_CACHE to a folder with room")


def make_folder(folder: Path, needed: int) -> None:
    """Make `folder` and its parents.

    Raises:
        DataError: it cannot be made.
    """
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise disk_error(error, folder, needed) from error
