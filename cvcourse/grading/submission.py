"""Reading what a student handed in, whatever it is, and putting it back into the assignment's shape.

Nothing of a submission is trusted but the text of its answers and of the student's own cells: every locked cell, its
order, all metadata and all tags come from the instructor's source. No nbgrader here, so that `cvcourse check` can use
it on a student's machine.
"""

import functools
import json
from collections import Counter
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode
from nbformat.corpus.words import generate_corpus_id
from nbformat.v4 import new_notebook

from cvcourse.errors import CourseError
from cvcourse.grading.cells import defined_names, grade_id, is_answer, visible_part

MAX_BYTES = 100_000_000
# A small file can hold so many parts, cells or lines of code that reading it takes the worker's memory or hours.
MOST_PARTS = 10_000_000  # brackets and commas of the JSON text
MOST_CELLS = 2_000
MOST_TEXT = 5_000_000  # characters in all cells; outputs do not count
MOST_PARSED = 100_000  # characters of a cell in which definitions are looked for
MISSING_ANSWER = "# This answer cell was missing from the notebook that was handed in."


class BrokenNotebook(CourseError):
    """The file is no notebook, or not of this assignment; the message is the reason."""


@dataclass
class Restored:
    """A submission in the shape of the assignment.

    Attributes:
        notebook: the cells to execute, in the source's order, with the student's own cells where they stood.
        missing: the answer cells that nothing in the submission stands for.
        unchanged: the answer cells that are empty or as they were released.
        notes: what had to be repaired, one sentence each.
    """

    notebook: NotebookNode
    missing: set[str] = field(default_factory=set)
    unchanged: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def decode(data: bytes) -> str:
    """The text of a file, told by its byte order mark, else UTF-8. Raises `BrokenNotebook` where it is none."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BrokenNotebook(f"the file is not text in {encoding.removesuffix('-sig')} ({error.reason})") from None


def _parse(text: str) -> dict:
    if not text.strip():
        raise BrokenNotebook("the file is empty")
    if sum(map(text.count, "{[,")) > MOST_PARTS:
        raise BrokenNotebook(f"the file has too many parts, more than {MOST_PARTS:,}: clear the outputs, and try again")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        conflict = "<<<<<<<" in text and ">>>>>>>" in text
        why = "it holds the marks of a merge conflict" if conflict else str(error)
        raise BrokenNotebook(f"the file is not valid JSON: {why}") from None
    if not isinstance(data, dict) or not ("cells" in data or "worksheets" in data):
        raise BrokenNotebook("the file is JSON, but not a notebook: it has no cells")
    return data


def _upgraded(data: dict) -> tuple[list, list[str]]:
    """The cells of a notebook of any format, and a note where it was an old one."""
    if "cells" in data:
        return data["cells"], []
    try:
        sheets = [
            {"metadata": {}, "cells": [_old_cell(cell) for cell in sheet["cells"]]} for sheet in data["worksheets"]
        ]
        if (count := sum(len(sheet["cells"]) for sheet in sheets)) > MOST_CELLS:
            raise _too_many_cells(count)
        old = {"nbformat": data.get("nbformat", 3), "nbformat_minor": 0, "metadata": {}, "worksheets": sheets}
        notebook = nbformat.convert(nbformat.from_dict(old), 4)
    except BrokenNotebook:
        raise
    except Exception as error:  # nbformat 3 was never checked against its schema: anything can be missing
        raise BrokenNotebook(f"the notebook's format {data.get('nbformat')!r} cannot be read ({error!r})") from None
    return notebook.cells, [f"the notebook was in the old format {data.get('nbformat', 3)} and was converted"]


def _old_cell(raw: dict) -> dict:
    """A cell of nbformat 3 without its outputs and most of its metadata."""
    kept = {name: raw[name] for name in ("cell_type", "language", "level") if type(raw.get(name)) in (str, int)}
    texts = {name: _text(raw[name]) for name in ("input", "source") if name in raw}
    return {"outputs": [], **kept, **texts, "metadata": _name_of(raw)}


def _too_many_cells(count: int) -> BrokenNotebook:
    return BrokenNotebook(f"the notebook has {count:,} cells, more than the {MOST_CELLS:,} accepted")


def _text(source: object) -> str:
    """The text of a cell, without what no file can hold (lone surrogates)."""
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    return source if source.isascii() else source.encode("utf-8", "replace").decode()


def _cell(raw: object) -> NotebookNode | None:
    if not isinstance(raw, dict):
        return None
    kind = raw.get("cell_type")
    kind = kind if kind in ("code", "markdown") else "raw"
    return _new_cell(kind, _text(raw.get("source")), _name_of(raw))


def _name_of(raw: dict) -> dict:
    """Of a cell's metadata nbgrader's name of the cell, which is all that is looked at."""
    metadata = raw.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return {"nbgrader": {"grade_id": name}} if isinstance(name, str) else {}


def _new_cell(kind: str, text: str, metadata: dict) -> NotebookNode:
    """nbformat's `new_..._cell` without its check of the schema, which takes a hundred times as long."""
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    cell = {"id": generate_corpus_id(), "cell_type": kind, "metadata": metadata, "source": text, **code}
    return nbformat.from_dict(cell)


def read_submission(data: bytes) -> tuple[NotebookNode, list[str]]:
    """The notebook in the bytes of a file, with nothing but cell types, texts and nbgrader's metadata, and notes.

    Raises:
        BrokenNotebook: it is none; the message says why.
    """
    if len(data) > MAX_BYTES:
        raise BrokenNotebook(f"the file has {len(data) / 1e6:.0f} MB, more than the {MAX_BYTES / 1e6:.0f} MB accepted")
    raw, notes = _upgraded(_parse(decode(data)))
    raw = raw if isinstance(raw, list) else []
    if len(raw) > MOST_CELLS:
        raise _too_many_cells(len(raw))
    cells = [cell for cell in map(_cell, raw) if cell is not None]
    if (length := sum(len(cell.source) for cell in cells)) > MOST_TEXT:
        raise BrokenNotebook(f"the cells hold {length:,} characters of text, more than the {MOST_TEXT:,} accepted")
    if not any(cell.source.strip() for cell in cells):
        raise BrokenNotebook("the notebook has no cells")
    notebook = new_notebook(cells=cells)
    return notebook, notes


def released_text(cell: NotebookNode, stubs: dict[str, str]) -> str:
    """What students were handed in place of this cell of the source."""
    return stubs.get(grade_id(cell), visible_part(cell.source))


def _short_definitions(source: str) -> frozenset[str]:
    """The names that a cell defines; none where it is so long that parsing it would take much memory."""
    return defined_names(source) if len(source) <= MOST_PARSED else frozenset()


def _some(names: list[str], limit: int = 4) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


class _Matcher:
    """Finds the cell of a submission that stands for each cell of the source."""

    def __init__(self, source: NotebookNode, submission: NotebookNode, stubs: dict[str, str]) -> None:
        self.known = [cell for cell in source.cells if grade_id(cell)]
        self.handed = submission.cells
        self.stubs = stubs
        self.claims: dict[int, int] = {}  # place in the submission -> place in `known`
        self.dropped: set[int] = set()
        self.notes: list[str] = []

    def run(self) -> "dict[int, int]":
        by_id: dict[str, list[int]] = {}
        for place, cell in enumerate(self.handed):
            by_id.setdefault(grade_id(cell), []).append(place)
        for number, cell in enumerate(self.known):
            if places := by_id.get(grade_id(cell), []):
                self.claims[self._best(cell, places)] = number
        recognised = self._by_text() + self._by_definition() + self._by_place()
        if recognised:
            names = _some([grade_id(self.known[number]) for number in sorted(recognised)])
            self.notes.append(f"cells without nbgrader's metadata were recognised by their content: {names}")
        self._drop_stubs()
        return self.claims

    def _best(self, cell: NotebookNode, places: list[int]) -> int:
        """Of several cells with one grade_id: the last answer that was worked on, or the first locked cell."""
        if len(places) == 1:
            return places[0]
        self.notes.append(f"grade_id {grade_id(cell)!r} was there {len(places)} times (a copied cell)")
        if not is_answer(cell):
            return places[0]
        stub = released_text(cell, self.stubs).strip()
        changed = [place for place in places if self.handed[place].source.strip() != stub]
        self.dropped |= set(places) - set(changed) if changed else set(places[1:])
        return changed[-1] if changed else places[0]

    def _open(self) -> list[int]:
        taken = set(self.claims.values())
        return [number for number in range(len(self.known)) if number not in taken]

    def _free(self) -> list[int]:
        """Cells that stand for nothing yet; a cell with another known cell's name does not come into question."""
        names = {grade_id(cell) for cell in self.known}
        return [
            place
            for place, cell in enumerate(self.handed)
            if place not in self.claims and grade_id(cell) not in names and cell.source.strip()
        ]

    def _claim_unique(self, fits) -> list[int]:
        """Claim where exactly one free cell fits exactly one open cell of the source."""
        free = self._free()
        pairs = [(number, place) for number in self._open() for place in free if fits(number, place)]
        numbers, places = Counter(n for n, _ in pairs), Counter(p for _, p in pairs)
        sure = [(number, place) for number, place in pairs if numbers[number] == places[place] == 1]
        self.claims.update({place: number for number, place in sure})
        return [number for number, _ in sure]

    def _by_text(self) -> list[int]:
        """Cells with the text that was released; several that are alike are the source's in their order."""
        texts = [released_text(cell, self.stubs).strip() for cell in self.known]
        numbers: dict[str, list[int]] = {}
        for number in self._open():
            numbers.setdefault(texts[number], []).append(number)
        found, free = [], self._free()
        for text, alike in numbers.items():
            places = [place for place in free if self.handed[place].source.strip() == text]
            if text and len(places) == len(alike):
                self.claims.update(zip(places, alike, strict=True))
                found += alike
        return found

    def _by_definition(self) -> list[int]:
        names = [defined_names(released_text(c, self.stubs)) if is_answer(c) else frozenset() for c in self.known]
        defined = functools.cache(lambda place: _short_definitions(self.handed[place].source))
        return self._claim_unique(lambda n, p: bool(names[n]) and names[n] <= defined(p))

    def _by_place(self) -> list[int]:
        """An answer that lost its name stands where the one code cell between its neighbours stands."""

        def fits(number: int, place: int) -> bool:
            known = self.known[number]
            if not is_answer(known) or self.handed[place].cell_type != known.cell_type:
                return False
            before = [n for p, n in self.claims.items() if p < place]
            after = [n for p, n in self.claims.items() if p > place]
            return max(before, default=-1) < number < min(after, default=len(self.known))

        return self._claim_unique(fits)

    def _drop_stubs(self) -> None:
        """A copy of the released stub below an answer would undo the answer when the notebook runs."""
        stubs = {released_text(cell, self.stubs).strip() for cell in self.known if is_answer(cell)}
        self.dropped |= {place for place in self._free() if self.handed[place].source.strip() in stubs}
        self.dropped -= set(self.claims)


def _own_cell(cell: NotebookNode, source_metadata: dict[str, dict]) -> NotebookNode:
    """A cell that the student added, or one of the source without a grade_id, with metadata from the source only."""
    metadata = source_metadata.get(cell.source.strip())
    origin = {"cvcourse": {"origin": "student" if metadata is None else "course"}}
    return _new_cell(cell.cell_type, cell.source, {**(metadata or {}), **origin})


def _known_cell(cell: NotebookNode, text: str) -> NotebookNode:
    return _new_cell(cell.cell_type, text, json.loads(json.dumps(cell.metadata)))


def restore(source: NotebookNode, submission: NotebookNode, stubs: dict[str, str]) -> Restored:
    """Put a submission back into the assignment's shape.

    Args:
        source: the instructor's notebook, with hidden tests.
        submission: what was handed in, from `read_submission`.
        stubs: the text of each answer cell as it was released, by grade_id.

    Raises:
        BrokenNotebook: nothing of the assignment is in it.
    """
    matcher = _Matcher(source, submission, stubs)
    claims = matcher.run()
    if not claims:
        raise BrokenNotebook("this is another notebook: none of the assignment's cells is in it")
    plain = {cell.source.strip(): dict(cell.metadata) for cell in source.cells if not grade_id(cell)}
    own: dict[int, list[NotebookNode]] = {}
    current = -1
    for place, cell in enumerate(submission.cells):
        if place in claims:
            current = claims[place]
        elif place not in matcher.dropped:
            own.setdefault(current, []).append(_own_cell(cell, plain))
    restored = Restored(new_notebook(metadata=source.metadata), notes=matcher.notes)
    texts = {number: submission.cells[place].source for place, number in claims.items()}
    restored.notebook.cells = own.get(-1, [])
    for number, cell in enumerate(matcher.known):
        restored.notebook.cells.append(_known_cell(cell, _answer(cell, texts.get(number), stubs, restored)))
        restored.notebook.cells += own.get(number, [])
    _note_missing(matcher, restored)
    return restored


def _answer(cell: NotebookNode, handed: str | None, stubs: dict[str, str], restored: Restored) -> str:
    """The text to execute in place of a cell of the source: the student's in an answer, the source's elsewhere."""
    if not is_answer(cell):
        return cell.source
    if handed is None:
        restored.missing.add(grade_id(cell))
        return MISSING_ANSWER
    if handed.strip() in ("", released_text(cell, stubs).strip()):
        restored.unchanged.add(grade_id(cell))
    return handed


def _note_missing(matcher: _Matcher, restored: Restored) -> None:
    locked = [matcher.known[n] for n in matcher._open() if not is_answer(matcher.known[n])]
    empty = [cell for cell in locked if not released_text(cell, matcher.stubs).strip()]
    nameless = [cell for cell in matcher.handed if not grade_id(cell) and not cell.source.strip()]
    # A cell that was empty as released, with all of its test hidden, is there though it has lost its name.
    there = empty if len(empty) <= len(nameless) else []
    missing = [grade_id(cell) for cell in locked if cell not in there]
    if missing:
        restored.notes.append(f"locked cells were missing and were put back: {_some(missing)}")
    if restored.missing:
        restored.notes.append(f"answer cells are missing: {_some(sorted(restored.missing))}")


def blank(source: NotebookNode) -> NotebookNode:
    """The assignment with no answer in it: what stands in the class for a file that is no notebook."""
    cells = [cell for cell in source.cells if grade_id(cell)]
    notebook = new_notebook(metadata=source.metadata)
    notebook.cells = [_known_cell(cell, MISSING_ANSWER if is_answer(cell) else cell.source) for cell in cells]
    return notebook
