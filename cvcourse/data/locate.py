"""Where a set lies, which source "auto" takes, and the one line that says so.

`locate` serves a set that has an embedded stand-in, `require` one that is asked for by its name.

The places, in order: the folder `CVCOURSE_DATA` (an unpacked set, or its pack as a zip), the cache folder
(`CVCOURSE_CACHE`, else the user's own), the publisher or, in place of every publisher, the base address
`CVCOURSE_MIRROR` (a file is at `CVCOURSE_MIRROR/SET/NAME`). `CVCOURSE_OFFLINE=1` leaves the last one out.
Nothing is ever written into `CVCOURSE_DATA`: what must be unpacked goes into the cache folder.
"""

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import pooch

from cvcourse.data import unpack, whole
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
    """One search for one set: `hasty` goes on after a defect and waits little, and keeps the reasons in `notes`.

    A download of more than `limit` bytes is not made; `advice` is what to do where nothing was found.
    """

    entry: DataSet
    hasty: bool
    limit: float = float("inf")
    advice: str = ""
    notes: list[str] = field(default_factory=list)


_decisions: dict[tuple, Place] = {}  # what "auto" took, so that training and test set are of one kind
_announced: set[str] = set()
_hurried = ContextVar("_hurried", default=False)  # an embedded set can stand in: wait little for a network


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
        return _real(_Search(entry, hasty=False, advice=_advice(entry, "or use source='embedded'")))
    place = _auto(entry, embedded)
    announce(place.line)
    return place


def require(entry: DataSet, *, download: bool = False) -> Place:
    """The place to read `entry` from, unpacked where needed; prints once where it lies, its licence and what to cite.

    Args:
        entry: a set that is not embedded.
        download: download it whatever its size; else only up to 50 MB.

    Raises:
        DataError: the set cannot be had; the message says what to put where.
    """
    limit = float("inf") if download else AUTO_LIMIT
    place = _real(_Search(entry, hasty=_hurried.get(), limit=limit, advice=_advice(entry)))
    announce(f"{place.line}; licence: {entry.licence}; cite: {entry.citation}", key=entry.name)
    return place


@contextmanager
def hurried() -> Iterator[None]:
    """In this block `require` goes on after a defect in `CVCOURSE_DATA`, and waits little for a network."""
    token = _hurried.set(True)
    try:
        yield
    finally:
        _hurried.reset(token)


def forget_decisions() -> None:
    """Let "auto" look and announce anew."""
    _decisions.clear()
    _announced.clear()


def find(entry: DataSet) -> tuple[Path, str] | None:
    """Where `entry` lies ready on disk and that place in words, without unpacking or downloading; None if nowhere."""
    for root in _unpacked_roots(entry):
        if _has_layout(entry, root) if entry.layouts else unpack.is_ready(entry, root):
            return root, "CVCOURSE_DATA"
    if is_cached(entry):
        return cached_root(entry), "the cache folder"
    return None


def cached_root(entry: DataSet) -> Path:
    """The folder of `entry` below the cache folder, there or not."""
    return cache_folder() / entry.cached_as


def is_cached(entry: DataSet) -> bool:
    """Whether the whole set lies in the cache folder."""
    root = cached_root(entry)
    if entry.layouts:
        return whole.is_ready(root) and _has_layout(entry, root)
    return unpack.is_ready(entry, root)


def _has_layout(entry: DataSet, root: Path) -> bool:
    """Whether `root` looks like the set as it is published; what is in it is the loader's to judge."""
    return any((root / layout).exists() for layout in entry.layouts)


def announce(line: str, key: str | None = None) -> None:
    """Print `line` once per process (or once for `key`): on stdout, where a notebook shows it and a person sees it.

    The line depends on the machine, so that the first cell that asks for a set is none whose output nbval compares.
    """
    key = key or line
    if key not in _announced:
        _announced.add(key)
        print(line, flush=True)


def _advice(entry: DataSet, otherwise: str = "") -> str:
    """What to do about a set that was not found: as much of a sentence as `entry` gives reason for."""
    if entry.bring:
        pack = f" (or as a zip, {entry.pack})" if entry.pack else ""
        return f"Put {entry.bring} into the folder that CVCOURSE_DATA names{pack}"
    large = f" ({entry.download_size / MEGABYTE:.0f} MB)" if entry.download_size > AUTO_LIMIT else ""
    first = f"Run `cvcourse data get {entry.name}`{large}" if large else "Connect to a network"
    here = entry.pack if entry.files else " and ".join(file.name for file in entry.downloads)
    parts = [first, f"or set CVCOURSE_DATA to a folder that holds {here}", otherwise]
    return ", ".join(part for part in parts if part)


def _auto(entry: DataSet, embedded: DataSet) -> Place:
    key = (entry.name, *(os.environ.get(name) for name in _VARIABLES))
    place = _decisions.get(key)
    if place is not None and (place.root is None or unpack.is_ready(entry, place.root)):
        return place
    search = _Search(entry, hasty=True, limit=AUTO_LIMIT)
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
    raise DataError(f"{entry.title}: not at hand, because {'; '.join(search.notes)}. {search.advice}")


def _unpacked_roots(entry: DataSet) -> list[Path]:
    """Where an unpacked set may lie in `CVCOURSE_DATA`: at the top, or in a folder of its own."""
    folder = data_folder()
    return [folder, folder / entry.name] if folder else []


def _in_data_folder(search: _Search) -> tuple[Path, str] | None:
    folder = data_folder()
    if folder is None:
        return None
    if not folder.is_dir():
        raise DataError(f"CVCOURSE_DATA names {folder}, which is no folder: correct it, or unset it")
    return (_layout_in if search.entry.layouts else _files_in)(search.entry, folder)


def _files_in(entry: DataSet, folder: Path) -> tuple[Path, str] | None:
    """A set of gzipped files in `CVCOURSE_DATA`: unpacked, in a folder, or in its pack."""
    ready = cached_root(entry)
    for root in _unpacked_roots(entry):
        if unpack.is_ready(entry, root):
            return root, "from CVCOURSE_DATA"
        if any((root / name).exists() for file in entry.files for name in (file.path, file.packed)):
            gzipped = (root / entry.files[0].packed).parent
            _ensure(entry, partial(unpack.from_folder, entry, gzipped, ready))
            return ready, "from CVCOURSE_DATA"
    pack = folder / entry.pack if entry.pack else None
    if pack is None or not pack.exists():
        return None
    _ensure(entry, partial(unpack.from_zip, entry, pack, ready))
    return ready, f"from CVCOURSE_DATA/{pack.name}"


def _layout_in(entry: DataSet, folder: Path) -> tuple[Path, str] | None:
    """A set with a layout in `CVCOURSE_DATA`: unpacked, as its pack, or as the archives that its publisher serves."""
    ready = cached_root(entry)
    for root in _unpacked_roots(entry):
        if _has_layout(entry, root):
            return root, "from CVCOURSE_DATA"
    pack = folder / entry.pack if entry.pack else None
    if pack is not None and pack.exists():
        if not (is_cached(entry) and whole.is_from(pack, ready)):
            whole.from_pack(entry, pack, ready)
        return ready, f"from CVCOURSE_DATA/{pack.name}"
    for root in _unpacked_roots(entry):
        if any((root / file.name).exists() for file in entry.downloads):
            _ensure(entry, partial(whole.from_archives, entry, root, ready))
            return ready, "from CVCOURSE_DATA"
    return None


def _ensure(entry: DataSet, make: Callable[[], None]) -> None:
    """Make the set ready in the cache folder unless it is; what another process finished meanwhile is as good."""
    if is_cached(entry):
        return
    try:
        make()
    except DataError:
        if not is_cached(entry):
            raise


def _in_cache(search: _Search) -> tuple[Path, str] | None:
    return (cached_root(search.entry), "from the cache folder") if is_cached(search.entry) else None


def _at_publisher(search: _Search) -> tuple[Path, str] | None:
    entry = search.entry
    if not entry.downloads:
        raise DataError("it is neither in CVCOURSE_DATA nor in the cache folder, and it is not downloaded")
    if is_offline():
        raise DataError("it is not on disk and CVCOURSE_OFFLINE is set")
    if entry.download_size > search.limit:
        size = f"{entry.download_size / MEGABYTE:.0f} MB"
        how = "with source='real' only" if entry.files else "only when asked for"
        raise DataError(f"it is not on disk and its download of {size} is made {how}")
    ready, downloads = cached_root(entry), cache_folder() / "downloads" / entry.name
    _ensure(entry, partial(_download, entry, downloads, ready, patient=not search.hasty))
    shutil.rmtree(downloads, ignore_errors=True)
    return ready, "downloaded"


def _download(entry: DataSet, downloads: Path, ready: Path, *, patient: bool) -> None:
    at_mirror = bool(_mirror())
    for file in entry.downloads:
        published = dataclasses.replace(file, path=None) if at_mirror else file
        fetch(published, addresses(entry), downloads, patient=patient)
    (whole.from_archives if entry.layouts else unpack.from_folder)(entry, downloads, ready)


def addresses(entry: DataSet) -> tuple[str, ...]:
    """The base addresses to download `entry` from: the mirror `CVCOURSE_MIRROR` alone, else its publishers."""
    return (f"{_mirror().rstrip('/')}/{entry.name}/",) if _mirror() else entry.addresses


def _mirror() -> str:
    return os.environ.get("CVCOURSE_MIRROR", "").strip()
