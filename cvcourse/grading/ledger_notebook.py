"""What nbgrader's Autograde does to a notebook, with the gradebook's cells read once for the whole class.

The rules stay nbgrader's own (`OverwriteCells`, `determine_grade`, `compute_checksum`, `MetadataValidator`). What goes
is repetition: a session of the gradebook for each step, a schema compiled for each cell, a file written and read
between the two halves, and the whole notebook validated after each step.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4.rwbase import rejoin_lines, split_lines, strip_transient
from nbgrader.api import GradeCell, MissingEntry, Notebook, SolutionCell, SourceCell, TaskCell
from nbgrader.converters import Autograde
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task
from traitlets import import_item

from cvcourse.grading.bridge import QUIET
from cvcourse.grading.marking import Marked
from cvcourse.grading.preprocessors import Mark, with_evidence

Step = Callable[[NotebookNode, dict], tuple[NotebookNode, dict]]


@dataclass(frozen=True)
class Cell:
    """The fields of a source cell that nbgrader's `OverwriteCells` reads, apart from any database session."""

    name: str
    cell_type: str
    locked: bool
    source: str
    checksum: str


class Cells:
    """A notebook's cells as the gradebook holds them; answers the questions that `OverwriteCells` asks a `Gradebook`.

    Attributes:
        id: the gradebook's id of the notebook.
        kernelspec: the source notebook's, None where it has none.
        graded: by grade_id, the gradebook's ids of the cells that have a grade.
        commented: by grade_id, the ids of the cells that have a comment.
    """

    def __init__(self, notebook: Notebook) -> None:
        cells: list[SourceCell] = notebook.source_cells
        grades: list[GradeCell] = notebook.grade_cells
        solutions: list[SolutionCell] = notebook.solution_cells
        tasks: list[TaskCell] = notebook.task_cells
        self.id: str = notebook.id
        self.kernelspec: dict | None = json.loads(notebook.kernelspec) if notebook.kernelspec else None
        self.source_cells = [Cell(one.name, one.cell_type, one.locked, one.source, one.checksum) for one in cells]
        self.grade_cells = [SimpleNamespace(name=one.name, max_score=one.max_score) for one in grades]
        self.task_cells = [SimpleNamespace(name=one.name, max_score=one.max_score) for one in tasks]
        self.solution_cells = [SimpleNamespace(name=one.name) for one in solutions]
        self.graded: dict[str, str] = {one.name: one.id for one in [*tasks, *grades]}
        self.commented: dict[str, str] = {one.name: one.id for one in [*tasks, *solutions]}
        self._sources = {one.name: one for one in self.source_cells}
        self._graded = {one.name: one for one in [*self.task_cells, *self.grade_cells]}

    def find_source_cell(self, name: str, *_: str) -> Cell:
        """As `Gradebook.find_source_cell`."""
        return self._found(self._sources, name)

    def find_graded_cell(self, name: str, *_: str) -> SimpleNamespace:
        """As `Gradebook.find_graded_cell`."""
        return self._found(self._graded, name)

    def find_notebook(self, *_: str) -> "Cells":
        """As `Gradebook.find_notebook`."""
        return self

    @staticmethod
    def _found(cells: dict[str, Any], name: str) -> Any:
        if name not in cells:
            raise MissingEntry(f"the gradebook has no cell {name!r}: grade with `cvcourse grade`, which enters it")
        return cells[name]


class _Overwrite(OverwriteCells):
    """nbgrader's step on cells that are read already."""

    cells: Cells

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        self.notebook_id, self.assignment_id = resources["nbgrader"]["notebook"], resources["nbgrader"]["assignment"]
        self.gradebook = self.cells
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        if self.add_missing_cells:
            nb, resources = self.add_missing_grade_cells(nb, resources)
            nb, resources = self.add_missing_task_cells(nb, resources)
        return nb, resources

    def missing_cell_transform(self, *args: Any, **kwargs: Any) -> NotebookNode:
        return nbformat.from_dict(super().missing_cell_transform(*args, **kwargs))


class _Validator(MetadataValidator):
    """nbgrader's check of a cell's metadata, which remembers what it found good."""

    def __init__(self) -> None:
        super().__init__()
        self._good: set[tuple[str, str]] = set()

    def validate_cell(self, cell: NotebookNode) -> None:
        key = (cell.cell_type, json.dumps(cell.metadata.get("nbgrader"), sort_keys=True))
        if key not in self._good:
            super().validate_cell(cell)
            self._good.add(key)


@dataclass(frozen=True)
class Autograded:
    """What nbgrader's steps come to for one notebook.

    Attributes:
        text: the file for `autograded/`.
        scores: by grade_id, the automatic points; None where a person decides.
        comments: by grade_id of an answer, nbgrader's own comment or None.
    """

    text: bytes
    scores: dict[str, float | None]
    comments: dict[str, str | None]


class Steps:
    """nbgrader's steps over one executed notebook, as this course's configuration lists them.

    Args:
        converter: nbgrader's Autograde of this class, for its configuration.
        cells: of the notebook.
        names: what nbgrader's steps are told of an assignment: `notebook`, `assignment`, `db_url`.
    """

    def __init__(self, converter: Autograde, cells: Cells, names: dict[str, str]) -> None:
        self._config, self._cells, self._names = converter.config, cells, names
        self._validator = _Validator()
        self._sanitize = self._steps(converter.sanitize_preprocessors)
        self._autograde = self._steps(converter.autograde_preprocessors)

    def _steps(self, listed: Iterable[type | str]) -> list[Step]:
        kinds = [import_item(kind) if isinstance(kind, str) else kind for kind in listed]
        done_here = (Mark, SaveAutoGrades, AssignLatePenalties)  # by `__call__` and by the ledger
        return [self._step(kind) for kind in kinds if kind not in done_here]

    def _step(self, kind: type) -> Step:
        if not isinstance(kind, type):
            return kind  # nbconvert takes a plain function too
        if kind is CheckCellMetadata:
            return self._check
        if kind is OverwriteKernelspec:
            return self._overwrite_kernelspec
        if kind is OverwriteCells:
            step = _Overwrite(config=self._config, log=QUIET)
            step.cells = self._cells
            return step
        return kind(config=self._config, log=QUIET)

    def _check(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        self._validator.validate_nb(nb)
        return nb, resources

    def _overwrite_kernelspec(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        if self._cells.kernelspec:
            nb.metadata["kernelspec"] = self._cells.kernelspec
        return nb, resources

    def __call__(self, student: str, marked: Marked) -> Autograded:
        """Take one student's notebook through all steps; the notebook of `marked` is changed in place.

        Raises:
            Exception: any that a step raises because of the notebook.
        """
        resources: dict = {"nbgrader": {**self._names, "student": student}}
        notebook = with_evidence(marked)
        for step in self._sanitize:
            notebook, resources = step(notebook, resources)
        notebook = rejoin_lines(notebook)  # as reading the file does that nbgrader writes between the two halves
        for step in self._autograde:
            notebook, resources = step(notebook, resources)
        scores, comments = _scores(notebook), _comments(notebook)
        nbformat.validate(notebook, relax_add_props=True)
        return Autograded(_text(notebook), scores, comments)


def _scores(notebook: NotebookNode) -> dict[str, float | None]:
    """As `SaveAutoGrades` scores."""
    found = {}
    for cell in notebook.cells:
        if is_grade(cell):
            score, _ = determine_grade(cell, QUIET)
            found[cell.metadata.nbgrader["grade_id"]] = None if score is None else float(score)
    return found


def _comments(notebook: NotebookNode) -> dict[str, str | None]:
    """As `SaveAutoGrades` comments."""
    found = {}
    for cell in notebook.cells:
        if is_solution(cell) or is_task(cell):
            same = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
            found[cell.metadata.nbgrader["grade_id"]] = "No response." if same and not is_task(cell) else None
    return found


def _text(notebook: NotebookNode) -> bytes:
    """As `nbformat.writes`, but without its copy and its validation."""
    notebook = strip_transient(split_lines(notebook))
    try:
        text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))
    finally:
        rejoin_lines(notebook)
    return f"{text}\n".encode()
