"""A tiny course without torch, for the tests of grading: notebook, answers, class, a stand-in kernel."""

import copy
import json
import shutil
from pathlib import Path
from typing import ClassVar

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

UNIT = "01_tiny"
ROOT = Path(__file__).resolve().parent.parent
POINTS = {"double-visible": 2.0, "double-hidden": 3.0, "shift-visible": 1.0, "shift-hidden": 4.0}


def _nbgrader(grade_id: str, *, points: float | None = None, solution: bool = False) -> dict:
    metadata = {"grade": points is not None, "grade_id": grade_id, "locked": not solution}
    metadata |= {"schema_version": 3, "solution": solution, "task": False}
    return {"nbgrader": metadata | ({"points": points} if points is not None else {})}


def _code(text: str, grade_id: str, *, tags: tuple[str, ...] = (), **kinds) -> NotebookNode:
    metadata = _nbgrader(grade_id, **kinds) | ({"tags": list(tags)} if tags else {})
    return new_code_cell(text.strip("\n"), metadata=metadata, id=grade_id)


def solved() -> NotebookNode:
    """The instructor's notebook: two exercises, 5 points each, and a milestone after grading."""
    cells = [
        new_markdown_cell("# Unit 01: Tiny", id="title"),
        _code("import os\n\nBASE = 10", "setup", tags=("given", "setup")),
        new_markdown_cell("## Exercise 1: Double\n\nTwice the number.", id="text-1"),
        _code(
            "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", "double", solution=True
        ),
        _code('assert double(3) == 6, f"double(3) is 6, not {double(3)}"', "double-visible", points=2),
        _code(
            "### BEGIN HIDDEN TESTS\n"
            'secret_input = int(os.environ["CVCOURSE_SEED"]) % 1000\n'
            'assert double(secret_input) == 2 * secret_input, "the hidden number was not doubled"\n'
            "### END HIDDEN TESTS",
            "double-hidden",
            points=3,
        ),
        new_markdown_cell("## Exercise 2: Shift\n\nBASE further on.", id="text-2"),
        _code(
            "def shift(x):\n    ### BEGIN SOLUTION\n    return x + BASE\n    ### END SOLUTION", "shift", solution=True
        ),
        _code('assert shift(1) == 11, f"shift(1) is 11, not {shift(1)}"', "shift-visible", points=1),
        _code(
            "assert shift(0) == 10\n"
            "### BEGIN HIDDEN TESTS\nassert shift(-10) == 0, 'below nothing'\n### END HIDDEN TESTS",
            "shift-hidden",
            points=4,
        ),
        _code("raise RuntimeError('the milestone ran')", "milestone", tags=("given", "after-grading")),
    ]
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


STUBS = {
    "double": "def double(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()",
    "shift": "def shift(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()",
}
RIGHT = {"double": "def double(x):\n    return x + x", "shift": "def shift(x):\n    return BASE + x"}


def released() -> NotebookNode:
    """What a student is handed."""
    from cvcourse.grading.cells import grade_id, visible_part

    notebook = copy.deepcopy(solved())
    for cell in notebook.cells:
        cell.source = STUBS.get(grade_id(cell), visible_part(cell.source))
    return notebook


def handed_in(**answers: str) -> NotebookNode:
    """A student's notebook: right answers, but for those given here (None leaves the stub)."""
    notebook = released()
    for name, text in (RIGHT | answers).items():
        if text is not None:
            cell_of(notebook, name).source = text
    return notebook


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    """The cell with this grade_id."""
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def as_bytes(notebook: NotebookNode) -> bytes:
    """The file that a student would hand in."""
    return json.dumps(notebook).encode()


def make_course(folder: Path) -> Path:
    """A checkout with the tiny assignment only; returns its root."""
    (folder / "source" / "assignments").mkdir(parents=True)
    (folder / "source" / "assignments" / f"{UNIT}.py").write_text("# %% [markdown]\n# # Unit 01: Tiny\n")
    for where, notebook in ((folder / "solutions", solved()), (folder / "course" / "assignments", released())):
        (where / UNIT).mkdir(parents=True)
        nbformat.write(notebook, where / UNIT / f"{UNIT}.ipynb")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return folder


def submit(class_dir: Path, student: str, work: NotebookNode | bytes, time: str = "2026-01-01 12:00:00 UTC") -> Path:
    """Put a student's work where `collect` puts it."""
    folder = class_dir / "submitted" / student / UNIT
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{UNIT}.ipynb").write_bytes(work if isinstance(work, bytes) else as_bytes(work))
    (folder / "timestamp.txt").write_text(time)
    return folder


def make_class(folder: Path, students: str = "abcd"):
    """A course with a class of some students and the assignment in its gradebook; returns its `CoursePaths`."""
    from cvcourse.grading import bridge
    from cvcourse.grading.roster import Roster, Student, save_roster
    from cvcourse.paths import CoursePaths

    root = make_course(folder)
    paths = CoursePaths(root, root / "class")
    people = [Student(name, f"Student {name.upper()}", "Student", name.upper()) for name in students]
    save_roster(paths.class_dir, Roster({one.id: one for one in people}))
    bridge.enter_assignment(paths, UNIT)
    return paths


def run_here(notebook: NotebookNode, seed: str, limits: object, skip: frozenset = frozenset()) -> dict:
    """Stands in for a kernel where the tests are not about kernels: runs the cells in this process."""
    from cvcourse.grading.execute import CellRun

    names, runs = {}, {}
    for place, cell in enumerate(notebook.cells):
        if place in skip or cell.cell_type != "code" or "after-grading" in cell.metadata.get("tags", []):
            continue
        text = cell.source.replace('os.environ["CVCOURSE_SEED"]', repr(seed))
        try:
            exec(text, names)
            runs[place] = CellRun("ok", count=place)
        except Exception as error:
            runs[place] = CellRun("error", type(error).__name__, str(error), count=place)
            lines = ["Traceback", f"Cell In[{place}], line 1\n----> {cell.source}", f"{type(error).__name__}: {error}"]
            output = new_output("error", ename=type(error).__name__, evalue=str(error), traceback=lines)
            cell.outputs, cell.execution_count = [output], place
    return runs


class FarmHere:
    """Stands in for `cvcourse.grading.farm.Farm` where the tests are not about kernels: marks in this process."""

    run = staticmethod(run_here)
    options: ClassVar[dict] = {}

    def __init__(self, assignment, seed: str, limits: object, **options) -> None:
        self.assignment, self.seed, self.limits, self.notes = assignment, seed, limits, []
        type(self).options = options

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def mark(self, works):
        for work in works:
            yield work, self.mark_one(work)

    def mark_one(self, work):
        from cvcourse.grading.marking import mark

        source, stubs = self.assignment.source, self.assignment.stubs
        return mark(
            source, work.submission, self.seed, self.limits, stubs=stubs, run=type(self).run, earlier=work.earlier
        )
