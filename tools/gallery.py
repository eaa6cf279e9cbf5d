"""Write docs/gallery.md: every data set of the course, with a picture of those whose licence allows to show it.

    python tools/gallery.py

Pictures are made of the rendered and embedded sets, and of the real ones that are on disk (`cvcourse data list`); where
such a set is not, its earlier picture stays.
"""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from PIL import Image

import cvcourse.data
from cvcourse.data import catalogue
from cvcourse.data.contact_sheet import contact_sheet
from cvcourse.data.registry import REGISTRY, DataSet
from cvcourse.errors import DataError

DOCS = Path(__file__).resolve().parent.parent / "docs"
FOLDER = "gallery"
TILES, TILE = 4, 128  # pictures in a row, pixels
COLOURS = 96  # in the palette: a picture stays below 150 kB
DIFFICULTIES = (0, 1, 2)
WIDE = ("micrographs",)  # noisy and clean side by side
HEADINGS = {
    "digits": "Digits",
    "photographs": "Photographs",
    "detection": "Detection",
    "instances": "Instances: boxes and masks",
    "segmentation": "Segmentation",
    "tracking": "Tracking",
    "denoising": "Denoising",
    "faces": "Faces",
    "characters": "Characters",
    "classification": "Classification",
}
INTRODUCTION = """# The data sets

Every set is a `torch.utils.data.Dataset` in `cvcourse.data`; `cvcourse data list` says which are on this machine,
`cvcourse data get NAME` downloads one, `cvcourse data show NAME` draws a contact sheet of it. The rendered and embedded
sets are always there and need no network. Pictures of a real set are shown here where its licence clearly allows it.
This page is written by `tools/gallery.py`.
"""


def main() -> None:
    """Write the page and its pictures."""
    (DOCS / FOLDER).mkdir(parents=True, exist_ok=True)
    for entry in REGISTRY.values():
        if entry.shareable:
            draw(entry, DOCS / FOLDER / f"{entry.name}.png")
    (DOCS / "gallery.md").write_text(page(), encoding="utf-8")


def draw(entry: DataSet, path: Path) -> None:
    """Write the picture of a set, where that is on disk."""
    try:
        if entry.is_rendered:
            sheet = stacked([row(entry, difficulty) for difficulty in DIFFICULTIES])
        else:
            sheet = contact_sheet(catalogue.load(entry.name), count=TILES, columns=TILES, tile=TILE)
    except DataError as error:
        sys.stderr.write(f"{error}\n")
        return
    sheet.quantize(COLOURS).save(path, optimize=True)


def row(entry: DataSet, difficulty: float) -> Image.Image:
    """One row of a rendered set."""
    data = getattr(cvcourse.data, entry.loader)(difficulty=difficulty)
    count = TILES // 2 if entry.name in WIDE else TILES
    return contact_sheet(data, title=f"difficulty {difficulty}", count=count, columns=count, tile=TILE)


def stacked(sheets: list[Image.Image]) -> Image.Image:
    """Sheets one below the other."""
    result = Image.new("RGB", (max(each.width for each in sheets), sum(each.height for each in sheets)), "white")
    top = 0
    for each in sheets:
        result.paste(each, (0, top))
        top += each.height
    return result


def page() -> str:
    """The text of the page."""
    order = list(HEADINGS)
    entries = sorted(REGISTRY.values(), key=lambda entry: order.index(entry.kind))
    parts = [INTRODUCTION]
    for kind, sets in groupby(entries, key=lambda entry: entry.kind):
        parts.append(f"## {HEADINGS[kind]}\n")
        parts += ["\n".join(section(entry)) + "\n" for entry in sets]
    return "\n".join(parts)


def section(entry: DataSet) -> Iterator[str]:
    """The lines about one set."""
    counts = ", ".join(f"{name} {catalogue.count_text(items)}" for name, items in entry.items.items())
    size = f"; {catalogue.megabytes(entry.size)}" if entry.size else ""
    yield f"### {entry.title[0].upper() + entry.title[1:]} (`{entry.name}`)\n"
    yield f"`cvcourse.data.{entry.loader}`; items: {counts.removeprefix('all ')}{size}. Licence: {entry.licence}."
    if entry.homepage:
        yield f"[{entry.citation}]({entry.homepage})."
    yield ""
    if entry.shareable and (DOCS / FOLDER / f"{entry.name}.png").is_file():
        alt = f"{entry.title}: a few items with their targets drawn"
        yield f"![{alt}]({FOLDER}/{entry.name}.png)"
    else:
        get = f"`cvcourse data get {entry.name}`, then " if entry.downloads else ""
        bring = f" Bring your own: put {entry.bring} into the folder that CVCOURSE_DATA names." if entry.bring else ""
        yield f"To see it: {get}`cvcourse data show {entry.name}`.{bring}"


if __name__ == "__main__":
    main()
