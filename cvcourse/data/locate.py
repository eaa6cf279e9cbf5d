"""Where a set lies, which source "auto" takes, and the one line that says so.

The places, in order: the folder `CVCOURSE_DATA` (an unpacked set, or its pack as a zip), the cache folder
(`CVCOURSE_CACHE`, else the user's own), the publisher or, in place of every publisher, the base address
`CVCOURSE_MIRROR` (a file is at `CVCOURSE_MIRROR/SET/NAME`). `CVCOURSE_OFFLINE=1` leaves the last one out.
Nothing is ever written into `CVCOURSE_DATA`: what must be unpacked goes into the cache folder.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import pooch

from cvcourse.data import unpack
from cvcourse.data.fetch import fetch
from cvcourse.data.registry import MEGABYTE, DataSet
from cvcourse.errors import DataError

Source = Literal["auto", "real", "embedded"]
SOURCES = ("auto", "real", "embedded")
AUTO_LIMIT = 50 * MEGABYTE  # "auto" downloads nothing larger

_VARIABLES = ("CVCOURSE_DATA", "CVCOURSE_CACHE", "CVCOURSE_OFFLINE", "CVCOURSE_MIRROR")


@dataclass(frozen=True)
class Place:
    """Where a set was found.

    Attributes:
        root: the folder with the set's files; None for the embedded set.
        line: which set was taken and why, in one line without a path of this machine.
    """

    root: Path | None
    line: str

    @property
    def source(self) -> str:
        """`"real"` or `"embedded"`."""
        return "embedded" if self.root is None else "real"


@dataclass
class _Search:
    """One search for one set: `hasty` goes on after a defect and waits little, and keeps the reasons in `notes`."""

    entry: DataSet
    hasty: bool
    notes: list[str] = field(default_factory=list)


_decisions: dict[tuple, Place] = {}  # what "auto" took, so that training and test set are of one kind
_announced: set[str] = set()


def is_offline() -> bool:
    """Whether `CVCOURSE_OFFLINE` forbids the network."""
    return os.environ.get("CVCOURSE_OFFLINE", "").strip().lower() not in ("", "0", "false", "no", "off")


def data_folder() -> Path | None:
    """The folder `CVCOURSE_DATA`, or None where it is not set."""
    value = os.environ.get("CVCOURSE_DATA", "").strip()
    return Path(value).expanduser() if value else None


def cache_folder() -> Path:
    """The folder for what was downloaded or unpacked: `CVCOURSE_CACHE`, else the user's cache folder."""
    value = os.environ.get("CVCOURSE_CACHE", "").strip()
    return Path(value).expanduser() if value else Path(pooch.os_cache("cvcourse"))


def locate(entry: DataSet, embedded: DataSet, source: Source = "auto") -> Place:
    """The place to read `entry` from, downloaded or unpacked where needed.

    Args:
        entry: the real set.
        embedded: the set that stands in for it.
        source: `"real"`: this set or an error; `"embedded"`: the other; `"auto"`: the real one where it is on disk or
            a small download away, else the embedded one, with one printed line that says which and why. "auto" stays
            with its choice for the process, and does not wait again for a network that was not there.

    Raises:
        ValueError: there is no such source.
        DataError: `source="real"` and the set cannot be had; the message says what to do.
    """
    if source not in SOURCES:
        raise ValueError(f"source is {source!r}: it must be one of {', '.join(map(repr, SOURCES))}")
    if source == "embedded":
        return Place(None, f"{entry.kind}: {embedded.title}, as asked")
    if source == "real":
        return _real(_Search(entry, hasty=False))
    place = _auto(entry, embedded)
    _announce(place.line)
    return place


def forget_decisions() -> None:
    """Let "auto" look and announce anew."""
    _decisions.clear()
    _announced.clear()


def find(entry: DataSet) -> tuple[Path, str] | None:
    """Where `entry` lies ready on disk and that place in words, without unpacking or downloading; None if nowhere."""
    for root in _unpacked_roots(entry):
        if unpack.is_ready(entry, root):
            return root, "CVCOURSE_DATA"
    if unpack.is_ready(entry, cache_folder() / entry.name):
        return cache_folder() / entry.name, "the cache folder"
    return None


def _announce(line: str) -> None:
    """Print `line` once per process: on stdout, where a notebook shows it and a person sees it.

    The line depends on the machine, so that the first cell that asks for a set is none whose output nbval compares.
    """
    if line not in _announced:
        _announced.add(line)
        print(line, flush=True)


def _auto(entry: DataSet, embedded: DataSet) -> Place:
    key = (entry.name, *(os.environ.get(name) for name in _VARIABLES))
    place = _decisions.get(key)
    if place is not None and (place.root is None or unpack.is_ready(entry, place.root)):
        return place
    search = _Search(entry, hasty=True)
    try:
        place = _real(search)
    except DataError:
        place = Place(None, f"{entry.kind}: {embedded.title}, because {'; '.join(search.notes)}")
    _decisions[key] = place
    return place


def _real(search: _Search) -> Place:
    entry = search.entry
    for look in (_in_data_folder, _in_cache, _at_publisher):
        try:
            found = look(search)
        except DataError as error:
            if not search.hasty and look is _in_data_folder:
                raise  # the reader pointed at this copy: a defect there is not passed over in silence
            search.notes.append(str(error))
            continue
        if found:
            root, where = found
            aside = f" ({'; '.join(search.notes)})" if search.notes else ""
            return Place(root, f"{entry.kind}: {entry.title}, {where}{aside}")
    raise DataError(
        f"{entry.title} is not at hand: {'; '.join(search.notes)}. Connect to a network, or set CVCOURSE_DATA to a "
        f"folder that holds {entry.pack}, or use source='embedded'"
    )


def _unpacked_roots(entry: DataSet) -> list[Path]:
    """Where an unpacked set may lie in `CVCOURSE_DATA`: at the top, or in a folder of its own."""
    folder = data_folder()
    return [folder, folder / entry.name] if folder else []


def _in_data_folder(search: _Search) -> tuple[Path, str] | None:
    entry, folder = search.entry, data_folder()
    if folder is None:
        return None
    if not folder.is_dir():
        raise DataError(f"CVCOURSE_DATA names {folder}, which is no folder: correct it, or unset it")
    ready = cache_folder() / entry.name
    for root in _unpacked_roots(entry):
        if unpack.is_ready(entry, root):
            return root, "from CVCOURSE_DATA"
        if any((root / name).exists() for file in entry.files for name in (file.path, file.packed)):
            gzipped = (root / entry.files[0].packed).parent
            _ensure(entry, ready, partial(unpack.from_folder, entry, gzipped, ready))
            return ready, "from CVCOURSE_DATA"
    pack = folder / entry.pack if entry.pack else None
    if pack is None or not pack.exists():
        return None
    _ensure(entry, ready, partial(unpack.from_zip, entry, pack, ready))
    return ready, f"from CVCOURSE_DATA/{pack.name}"


def _ensure(entry: DataSet, ready: Path, make: Callable[[], None]) -> None:
    """Make `ready` unless it is ready; what another process finished meanwhile is as good."""
    if unpack.is_ready(entry, ready):
        return
    try:
        make()
    except DataError:
        if not unpack.is_ready(entry, ready):
            raise


def _in_cache(search: _Search) -> tuple[Path, str] | None:
    ready = cache_folder() / search.entry.name
    return (ready, "from the cache folder") if unpack.is_ready(search.entry, ready) else None


def _at_publisher(search: _Search) -> tuple[Path, str] | None:
    entry = search.entry
    if is_offline():
        raise DataError("it is not on disk and CVCOURSE_OFFLINE is set")
    if search.hasty and entry.download_size > AUTO_LIMIT:
        size = f"{entry.download_size / MEGABYTE:.0f} MB"
        raise DataError(f"it is not on disk and its download of {size} is made with source='real' only")
    ready, downloads = cache_folder() / entry.name, cache_folder() / "downloads" / entry.name
    _ensure(entry, ready, partial(_download, entry, downloads, ready, patient=not search.hasty))
    shutil.rmtree(downloads, ignore_errors=True)
    return ready, "downloaded"


def _download(entry: DataSet, downloads: Path, ready: Path, *, patient: bool) -> None:
    for file in entry.files:
        fetch(file.published, addresses(entry), downloads, patient=patient)
    unpack.from_folder(entry, downloads, ready)


def addresses(entry: DataSet) -> tuple[str, ...]:
    """The base addresses to download `entry` from: the mirror `CVCOURSE_MIRROR` alone, else its publishers."""
    mirror = os.environ.get("CVCOURSE_MIRROR", "").strip()
    return (f"{mirror.rstrip('/')}/{entry.name}/",) if mirror else entry.addresses
