"""From a percent script in `source/` to a notebook that has not been run: ids, badge, set-up cell, source hash."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import jupytext
from nbformat import NotebookNode, from_dict

from cvcourse.build import rules, setup_cell
from cvcourse.build.notebook import KERNELSPEC, code_cells, tags
from cvcourse.errors import BuildError, CourseError
from cvcourse.paths import CoursePaths

LECTURE, ASSIGNMENT = "lectures", "assignments"
# A student's cells need these; jupytext and editors add others that would differ from machine to machine.
CELL_METADATA = ("jupyter", "nbgrader", "tags")


@dataclass(frozen=True)
class Source:
    """One percent script of the course: `kind` is "lectures" or "assignments", its folder under `source/`."""

    paths: CoursePaths
    kind: str
    name: str

    @property
    def label(self) -> str:
        return f"{self.kind}/{self.name}"

    @property
    def path(self) -> Path:
        return self.paths.source / self.kind / f"{self.name}.py"

    @property
    def executed(self) -> Path:
        """Where the executed notebook goes: the lecture in `course/`, the assignment in `solutions/`."""
        if self.kind == LECTURE:
            return self.paths.course / LECTURE / f"{self.name}.ipynb"
        return self.paths.solutions / self.name / f"{self.name}.ipynb"

    @property
    def released(self) -> Path | None:
        """Where nbgrader's released version goes; None for a lecture."""
        return self.paths.release / self.name / f"{self.name}.ipynb" if self.kind == ASSIGNMENT else None

    @property
    def published(self) -> str:
        """The path of the notebook that readers open, relative to the checkout."""
        return (self.released or self.executed).relative_to(self.paths.root).as_posix()


def sources(paths: CoursePaths, units: list[str] | None = None) -> list[Source]:
    """The scripts of the units named, in order; all of them where none is named.

    A unit is given as `01_convolutions`, `01` or `convolutions`, one script of it as `lectures/01`.

    Raises:
        CourseError: a name fits nothing; the message lists what there is.
    """
    found = [
        Source(paths, kind, script.stem)
        for kind in (LECTURE, ASSIGNMENT)
        for script in sorted((paths.source / kind).glob("*.py"))
    ]
    if not units:
        return found
    chosen: list[Source] = []
    for unit in units:
        fits = [item for item in found if _fits(item, unit)]
        if not fits:
            names = ", ".join(item.label for item in found) or "(none)"
            raise CourseError(f"no source is called {unit!r}; there are: {names}")
        chosen += [item for item in fits if item not in chosen]
    return chosen


def _fits(source: Source, unit: str) -> bool:
    kind, slash, name = unit.removeprefix("source/").removesuffix(".py").rpartition("/")
    return (not slash or kind == source.kind) and name in (source.name, *source.name.split("_", 1))


def digest(source: Source) -> str:
    """SHA-256 of the script and of the repository's address: what the notebook is made of."""
    text = _text(source)
    return hashlib.sha256(f"{text}\0{setup_cell.repository(source.paths.root)}".encode()).hexdigest()


def _text(source: Source) -> str:
    try:
        return source.path.read_text(encoding="utf-8")  # universal newlines: the same hash from a Windows checkout
    except UnicodeDecodeError:
        raise BuildError(f"{source.path} is not UTF-8 text: save it as UTF-8") from None


def load(source: Source) -> NotebookNode:
    """The notebook of a source, validated, not run.

    Raises:
        BuildError: the script breaks a rule; the message names the script and the cell.
    """
    notebook = jupytext.reads(_text(source), fmt="py:percent")
    for cell in notebook.cells:
        cell.metadata = from_dict({key: cell.metadata[key] for key in CELL_METADATA if key in cell.metadata})
    rules.check(notebook, source.path.name, graded=source.kind == ASSIGNMENT)
    _set_ids(notebook)
    _fill(notebook, source)
    stamp = {"source": source.path.relative_to(source.paths.root).as_posix(), "sha256": digest(source)}
    if limits := notebook.metadata.get("cvcourse", {}).get("limits"):
        stamp["limits"] = dict(limits)
    notebook.metadata = from_dict(
        {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}, "cvcourse": stamp},
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def _set_ids(notebook: NotebookNode) -> None:
    """Ids that stay the same from build to build: the grade_id, else a hash of the content (and of its repetition)."""
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        content = f"{cell.cell_type}\0{cell.source}"
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.id = grade_id or hashlib.sha256(f"{content}\0{seen[content]}".encode()).hexdigest()[:12]
        seen[content] += 1


def _fill(notebook: NotebookNode, source: Source) -> None:
    """Write the badge and the set-up lines into the cells tagged for them."""
    address = setup_cell.repository(source.paths.root)
    line = setup_cell.badge(address, source.published)
    for cell in notebook.cells:
        if "badge" in tags(cell):
            cell.source = setup_cell.with_badge(cell.source, line)
    for cell in code_cells(notebook):
        if "setup" in tags(cell):
            cell.source = f"{setup_cell.setup_lines(address)}\n{cell.source}"
