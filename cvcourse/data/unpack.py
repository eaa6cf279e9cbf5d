"""Make a set ready for use: unpack its gzip files into the cache folder, check each, and put all in place at once.

The work is done in a folder of its own beside the target, which is then renamed (`staged`). A folder under the set's
name is therefore always a whole one, also when two processes unpack the same set. Sets that come as one archive of
many files are unpacked by `whole.py`.
"""

import gzip
import os
import shutil
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pooch

from cvcourse.data import integrity
from cvcourse.data.registry import DataSet, File
from cvcourse.errors import DataError

# What opens a file of the set in its gzipped form.
Opener = Callable[[File], BinaryIO]

ORPHAN_AFTER = 3600.0  # seconds: no unpacking takes that long

_DAMAGED = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, KeyError, RuntimeError, NotImplementedError)


class DamagedError(DataError):
    """What should be unpacked is broken, incomplete or not what its checksum promises."""


def is_ready(entry: DataSet, root: Path) -> bool:
    """Whether all files of the set lie below `root`, each with its checksum."""
    return all(integrity.is_intact(root / file.path, file.size, file.checksum) for file in entry.files)


def from_zip(entry: DataSet, pack: Path, target: Path) -> None:
    """Make `target` from the zip `pack`.

    Raises:
        DamagedError: the zip is broken or lacks a file; the message names it and says what to do.
        DataError: the disk refused.
    """
    mend = f"{pack} is damaged or is not the pack of {entry.title}: put a whole copy in its place, or remove it"
    try:
        with zipfile.ZipFile(pack) as archive:
            _make(entry, lambda file: archive.open(file.packed), target, mend)
    except _DAMAGED as error:
        raise DamagedError(mend) from error
    except OSError as error:
        raise DataError(f"{pack} cannot be read ({error.strerror or error}): put a whole copy in its place") from error


def from_folder(entry: DataSet, folder: Path, target: Path) -> None:
    """Make `target` from the gzip files in `folder`.

    Raises:
        DamagedError: a file is missing or broken; the message names its folder and says what to do.
        DataError: the disk refused.
    """
    mend = f"{folder} lacks a file of {entry.title} or holds a damaged one: complete it, or remove that folder"
    _make(entry, lambda file: (folder / file.published.name).open("rb"), target, mend)


def _make(entry: DataSet, opener: Opener, target: Path, mend: str) -> None:
    with staged(target, entry.ready_size, lambda: is_ready(entry, target)) as staging:
        for file in entry.files:
            _gunzip(file, opener, staging / file.path, mend)


@contextmanager
def staged(target: Path, needed: int, ready: Callable[[], bool]) -> Iterator[Path]:
    """A folder to fill beside `target`, put in its place when the block ends, and removed when it fails.

    Args:
        target: the folder to be made.
        needed: bytes that will be written.
        ready: whether what lies at `target` is whole; then it stays.

    Raises:
        DataError: the disk refused.
    """
    integrity.make_folder(target.parent, needed)
    if shutil.disk_usage(target.parent).free < needed:
        raise integrity.no_room(target.parent, needed)
    _sweep(target)
    staging = _beside(target)
    try:
        yield staging
        _rename(ready, staging, target)
    except OSError as error:
        raise integrity.disk_error(error, target.parent, needed) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _beside(target: Path) -> Path:
    """A name of its own beside `target`, on the same disk."""
    return target.with_name(f".{target.name}-{uuid.uuid4().hex[:12]}")


def _sweep(target: Path) -> None:
    """Remove what processes that were killed left beside `target`."""
    for path in target.parent.glob(f".{target.name}-*"):
        if integrity.age(path) > ORPHAN_AFTER:
            shutil.rmtree(path, ignore_errors=True)


def _gunzip(file: File, opener: Opener, path: Path, mend: str) -> None:
    """Unpack one file, at most as far as its size: a zip bomb ends there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        source = opener(file)
    except (KeyError, OSError, RuntimeError, NotImplementedError) as error:
        raise DamagedError(mend) from error
    with source, gzip.GzipFile(fileobj=source) as stream, open(path, "wb") as out:
        left = file.size + 1
        while left > 0:
            try:
                chunk = stream.read(min(left, 1 << 20))
            except _DAMAGED as error:
                raise DamagedError(mend) from error
            if not chunk:
                break
            out.write(chunk)
            left -= len(chunk)
    algorithm = file.checksum.partition(":")[0]
    if left != 1 or f"{algorithm}:{pooch.file_hash(str(path), alg=algorithm)}" != file.checksum:
        raise DamagedError(mend)


def _rename(ready: Callable[[], bool], staging: Path, target: Path) -> None:
    """Put the finished folder in place. What is there already is another process's whole one, or damaged."""
    try:
        os.rename(staging, target)
        return
    except OSError:
        if not target.exists():
            raise
    if ready():
        return
    aside = _beside(target)
    try:
        os.rename(target, aside)
        os.rename(staging, target)
    except OSError:
        if not ready():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
