"""`cvcourse check`: a student's own notebook, run from top to bottom on the student's machine, test by test.

Where the course's notebooks are at hand, the locked cells come from there: with `solutions/` the hidden tests run too,
with `course/` the visible ones. Beside a lone notebook its own cells have to do. Needs the extra `lab` only.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cvcourse.errors import CourseError
from cvcourse.grading.cells import grade_id, is_answer, is_graded, nbgrader_metadata, tags, test_cells
from cvcourse.grading.execute import Limits, execute_in
from cvcourse.grading.marking import judge, stubs_of
from cvcourse.grading.outcomes import Outcome, Verdict
from cvcourse.grading.reasons import clean
from cvcourse.grading.remarks import remarks
from cvcourse.grading.submission import Restored, read_submission, restore
from cvcourse.paths import CoursePaths, find_root

_UNFINISHED = re.compile(r"^\s*raise NotImplementedError\b", re.M)
_STUB_MARK = "YOUR CODE HERE"
HIDDEN_HERE = "this test is hidden: it runs when the notebook is graded"


@dataclass
class Checked:
    """What `check` found.

    Attributes:
        notebook: the file.
        against: where the tests come from: `solutions`, `release`, or `itself`.
        verdicts: one per test cell.
        problems: what is wrong with the notebook's cells, each with what to do.
        notes: what else is to be known.
    """

    notebook: str
    against: str
    verdicts: list[Verdict]
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def points(self) -> float:
        """Points of the tests that ran."""
        return sum(one.points or 0.0 for one in self.verdicts)

    @property
    def max_points(self) -> float:
        """What the tests that ran are worth."""
        return sum(one.max_points for one in self.verdicts if one.outcome != Outcome.HIDDEN)

    @property
    def hidden_points(self) -> float:
        """What the tests are worth that only grading runs."""
        return sum(one.max_points for one in self.verdicts if one.outcome == Outcome.HIDDEN)

    @property
    def clean(self) -> bool:
        """Whether every test that ran passed and nothing is wrong with the cells."""
        fine = (Outcome.PASSED, Outcome.HIDDEN, Outcome.BY_HAND)
        return not self.problems and all(one.outcome in fine for one in self.verdicts)

    def as_dict(self) -> dict:
        """The same as plain data, with the sums."""
        sums = {"points": self.points, "max_points": self.max_points, "hidden_points": self.hidden_points}
        return {**asdict(self), **sums}


def check(path: Path, limits: Limits | None = None) -> Checked:
    """Run a notebook and its tests.

    Args:
        path: the student's notebook; it is not changed.
        limits: time and output.

    Raises:
        CourseError: the file cannot be read as a notebook of the course.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"cannot read {path}: {error.strerror}; give the path of your notebook") from error
    handed, notes = read_submission(data)
    kind, source, stubs = _reference(path, handed)
    problems = _problems(handed, source)
    if source is None:
        source, restored = _as_it_is(data, handed)
    else:
        restored = restore(source, handed, stubs)
    if not test_cells(source):
        raise CourseError(f"{path.name} has no test cells: is it an assignment, and still with its metadata?")
    limits = limits or Limits()
    runs = execute_in(restored.notebook, _environment(), limits)
    verdicts = judge(restored.notebook, runs, test_cells(source), restored, limits)
    notes += restored.notes + [clean(one) for one in remarks(restored.notebook, runs, verdicts, limits)]
    hidden = {grade_id(cell) for cell in source.cells if is_graded(cell) and _is_empty(cell)}
    verdicts = [_hidden(one) if one.grade_id in hidden else one for one in verdicts]
    return Checked(str(path), kind, verdicts, problems, notes)


def _environment() -> dict[str, str]:
    """The reader's own environment, with the tests in the size of grading and fresh random inputs."""
    own = {name: value for name, value in os.environ.items() if name != "CVCOURSE_SEED"}
    return {"CVCOURSE_BUDGET": "smoke", "PYDEVD_DISABLE_FILE_VALIDATION": "1", **own}


def _hidden(verdict: Verdict) -> Verdict:
    return replace(verdict, outcome=Outcome.HIDDEN, points=None, reason=HIDDEN_HERE, hidden=True)


def _is_empty(cell: NotebookNode) -> bool:
    """Whether a test cell holds nothing but comments, as a hidden one does when it is handed out."""
    return all(not line.strip() or line.strip().startswith("#") for line in cell.source.splitlines())


def _reference(path: Path, handed: NotebookNode) -> tuple[str, NotebookNode | None, dict[str, str]]:
    """The course's version of the notebook: (`solutions`, `release` or `itself`; the notebook; released answers)."""
    try:
        root = find_root(path.resolve().parent)
    except CourseError:
        try:
            root = find_root()
        except CourseError:
            return "itself", None, {}
    paths = CoursePaths(root, root / "class")
    released = _best(paths.release, handed)
    stubs = stubs_of(released) if released else {}
    if (solved := _best(paths.solutions, handed)) is not None:
        return "solutions", solved, stubs
    return ("release", released, stubs) if released is not None else ("itself", None, {})


def _best(folder: Path, handed: NotebookNode) -> NotebookNode | None:
    """The notebook in a folder of units that shares the most cells with this one."""
    mine = {grade_id(cell) for cell in handed.cells} - {""}
    texts = {cell.source.strip() for cell in handed.cells if cell.source.strip()}
    best, most = None, 0
    for file in sorted(folder.glob("*/*.ipynb")):
        notebook = nbformat.read(file, as_version=4)
        shared = sum(2 * (grade_id(c) in mine) + (c.source.strip() in texts) for c in notebook.cells)
        if shared > most:
            best, most = notebook, shared
    return best


def _problems(handed: NotebookNode, source: NotebookNode | None) -> list[str]:
    """Duplicated and lost names of cells, with what to do about each."""
    count = Counter(name for cell in handed.cells if (name := grade_id(cell)))
    problems = [
        f"{times} cells are called {name!r}: one is a copy; keep your answer in one of them and delete the other"
        for name, times in count.items()
        if times > 1
    ]
    if source is not None:
        lost = [grade_id(cell) for cell in source.cells if grade_id(cell) and not count[grade_id(cell)]]
        answers = {grade_id(cell) for cell in source.cells if is_answer(cell)}
        for name in lost:
            what = "answer cell" if name in answers else "locked cell"
            problems.append(
                f"the {what} {name!r} is missing or has lost its name: take a fresh copy of the assignment and copy "
                "your answers into its cells"
            )
    elif not count:
        problems.append(
            "no cell has nbgrader's metadata: an editor dropped it; take a fresh copy of the assignment and copy your "
            "answers into its cells"
        )
    return problems


def _as_it_is(data: bytes, handed: NotebookNode) -> tuple[NotebookNode, Restored]:
    """The notebook as its own reference: its tests run as they stand in it."""
    raw = _raw_cells(data)
    if len(raw) == len(handed.cells):
        for cell, own in zip(handed.cells, map(nbformat.from_dict, raw), strict=True):
            cell.metadata = nbformat.from_dict({"tags": tags(own), "nbgrader": dict(nbgrader_metadata(own))})
            if not cell.metadata.nbgrader:
                del cell.metadata["nbgrader"]
    seen: set[str] = set()
    for cell in reversed(handed.cells):  # nbgrader takes the last of several cells with one name
        if (name := grade_id(cell)) in seen:
            cell.metadata.pop("nbgrader")
        elif name:
            seen.add(name)
    answers = [cell for cell in handed.cells if nbgrader_metadata(cell).get("solution")]
    unchanged = {grade_id(c) for c in answers if _STUB_MARK in c.source and _UNFINISHED.search(c.source)}
    return handed, Restored(handed, unchanged=unchanged)


def _raw_cells(data: bytes) -> list[Mapping]:
    try:
        cells = json.loads(data.decode("utf-8-sig")).get("cells", [])
    except (ValueError, AttributeError):
        return []
    return [cell for cell in cells if isinstance(cell, dict)]
