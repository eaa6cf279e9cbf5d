"""What `cvcourse data` does: list the sets, get one, show one, check what is on disk."""

from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset
from tqdm.auto import tqdm

import cvcourse.data
from cvcourse.data import locate, whole
from cvcourse.data.locate import Place, cache_folder, find, require
from cvcourse.data.registry import MEGABYTE, REGISTRY, DataSet
from cvcourse.errors import DataError

INSIDE = "embedded"
NOWHERE = "not on disk"


@dataclass(frozen=True)
class Row:
    """One set in the list: `items` over all splits, `size` in bytes (0: nothing to get), `found` where it lies."""

    name: str
    title: str
    kind: str
    items: int
    size: int
    licence: str
    found: str


@dataclass(frozen=True)
class Report:
    """What a check of one set found: `problem` is None where all is well."""

    name: str
    where: str
    items: int
    problem: str | None


def entry_of(name: str) -> DataSet:
    """The registry's entry of that name.

    Raises:
        DataError: there is none; the message lists those there are.
    """
    if name not in REGISTRY:
        raise DataError(f"no data set is called {name!r}; there are: {', '.join(REGISTRY)}")
    return REGISTRY[name]


def rows() -> list[Row]:
    """All sets, and where each was found, without unpacking or downloading."""
    return [
        Row(one.name, one.title, one.kind, sum(one.items.values()), one.size, one.licence, where(one))
        for one in REGISTRY.values()
    ]


def where(entry: DataSet) -> str:
    """Where the set lies, in words."""
    if entry.embedded:
        return INSIDE
    found = find(entry)
    if found:
        return found[1].removeprefix("the ")
    folder = locate.data_folder()
    if folder and entry.pack and (folder / entry.pack).is_file():
        return f"CVCOURSE_DATA/{entry.pack}"
    return f"{NOWHERE}: {'get it' if entry.downloads else 'bring it'}"


def get(name: str) -> Place:
    """Download and unpack a set, whatever its size; nothing is done where it is on disk already.

    Raises:
        DataError: it cannot be had; the message says what to put where.
    """
    entry = entry_of(name)
    if entry.embedded:
        return Place(None, f"{entry.kind}: {entry.title}, embedded: nothing to get")
    return require(entry, download=True)


def load(name: str, split: str | None = None) -> Dataset:
    """The data set `name`; `split` is one of the registry's, None its first.

    Raises:
        DataError: there is no such set or split, or it cannot be had.
    """
    entry = entry_of(name)
    split = split or next(iter(entry.items))
    if split not in entry.items:
        raise DataError(f"{name} has no split {split!r}; there are: {', '.join(entry.items)}")
    make = _OWN.get(entry.loader)
    if make is None:
        return _load(entry, split)
    return make(entry, split)


def _load(entry: DataSet, split: str) -> Dataset:
    loader = getattr(cvcourse.data, entry.loader)
    if entry.option is not None:
        return loader(entry.option)
    return loader() if tuple(entry.items) == ("all",) and entry.loader != "LFW" else loader(split)


# Loaders that choose between a real and an embedded set themselves, or show best with an option.
_OWN: dict[str, Callable[[DataSet, str], Dataset]] = {
    "digits": lambda entry, split: cvcourse.data.digits(split == "train", "embedded" if entry.embedded else "real"),
    "photographs": lambda entry, split: cvcourse.data.photographs(),
}


def show(name: str, out: Path, *, split: str | None = None, count: int = 12) -> Path:
    """Write a contact sheet of a set as PNG, with its targets drawn; gives the file.

    Args:
        name: in the registry.
        out: a file, or a folder, where the file is then named after the set.
        split: one of the set's; None its first.
        count: pictures on the sheet.

    Raises:
        DataError: the set cannot be had, or the file cannot be written.
    """
    from cvcourse.data.contact_sheet import contact_sheet

    data = load(name, split)
    entry = REGISTRY[name]
    split = split or next(iter(entry.items))
    title = f"{entry.title}: {count_text(entry.items[split])}{'' if split == 'all' else f' in {split}'}"
    sheet = contact_sheet(data, title=title, count=count)
    path = out / f"{name}.png" if out.is_dir() else out
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(path, format="PNG")
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror or error}): name another file") from error
    return path


def check(names: list[str] | None = None) -> list[Report]:
    """Read every file and every item of the sets that are on disk, or of those named; nothing is rendered.

    What was unpacked is compared with its checksums, and every item is read as a notebook would read it.

    Raises:
        DataError: there is no set of that name.
    """
    entries = [entry_of(name) for name in names] if names else list(REGISTRY.values())
    on_disk = [one for one in entries if names or not (one.is_rendered or where(one).startswith(NOWHERE))]
    return [_check(entry) for entry in on_disk]


def _check(entry: DataSet) -> Report:
    place, items = where(entry), 0
    try:
        if place.startswith(NOWHERE):
            raise DataError(place)
        with redirect_stdout(StringIO()):  # licences and citations are for those who use a set
            for split in entry.items:
                items += _read_all(load(entry.name, split), f"{entry.name} {split}")
        _require_undamaged(entry)
    except DataError as error:
        return Report(entry.name, place, items, str(error))
    return Report(entry.name, place, items, None)


def _read_all(data: Dataset, what: str) -> int:
    for index in tqdm(range(len(data)), desc=what, unit=" items", leave=False):
        data[index]
    return len(data)


def count_text(items: int) -> str:
    """How many items, in words: a rendered set has as many as wanted."""
    return f"{items:,}" if items else "any number"


def _require_undamaged(entry: DataSet) -> None:
    """Compare what lies in the cache folder with the checksums taken when it was unpacked."""
    root = locate.cached_root(entry)
    if entry.layouts and whole.has_list(root):
        damaged = whole.damaged(root)
        if damaged:
            more = f" and {len(damaged) - 1} more" if len(damaged) > 1 else ""
            raise DataError(f"{damaged[0]}{more} is missing or damaged: remove {root} and get the set again")


def megabytes(size: int) -> str:
    """`size` bytes as a text in MB; empty for 0."""
    return f"{size / MEGABYTE:.1f} MB" if size else ""


def list_view(found: list[Row]) -> Any:
    """The list as a table for people: the licence in few words, `--json` has all of them."""
    from cvcourse.console import table

    view = table("Data sets", "name", "kind", "items", "size", "licence", "where found")
    for column in (0, 2, 3):
        view.columns[column].no_wrap = True
    for row in found:
        licence = row.licence.partition(";")[0].partition(" by ")[0].partition(" where ")[0]
        view.add_row(row.name, row.kind, count_text(row.items), megabytes(row.size), licence, row.found)
    view.caption = f"CVCOURSE_DATA: {locate.data_folder() or 'not set'}\ncache folder: {cache_folder()}"
    view.caption_justify = "left"
    return view


def check_view(reports: list[Report]) -> Any:
    """The reports as a table for people."""
    from cvcourse.console import table

    view = table("Data sets on disk", "", "name", "items read", "where", "problem")
    for one in reports:
        state = "[bold red]damaged[/]" if one.problem else "[green]ok[/]"
        view.add_row(state, one.name, f"{one.items:,}", one.where, one.problem or "")
    return view
