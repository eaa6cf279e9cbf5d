"""Two copies of one class, one for nbgrader's own Autograde and one for the ledger, and what is the same in both."""

import copy
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from cvcourse.grading import bridge
from cvcourse.grading.assignment import load_assignment
from cvcourse.grading.execute import Limits
from cvcourse.grading.ledger import Ledger
from cvcourse.grading.marking import Marked, mark
from cvcourse.grading.roster import Roster, Student, save_roster
from cvcourse.paths import CoursePaths
from tests import nbgraders_own
from tests import tiny_course as tiny

_METADATA = {"schema_version": 3, "locked": False, "solution": True, "grade": True, "task": False, "points": 2}
BY_HAND = {"essay": "Your answer here.", "sketch": "# YOUR CODE HERE\nraise NotImplementedError()"}
TEXTS = {"essay": "It doubles.", "sketch": "sketch = 1"}


def solved() -> nbformat.NotebookNode:
    """The tiny assignment with two answers that a person grades, one of text and one of code, and a task."""
    notebook = tiny.solved()
    stub = "### BEGIN SOLUTION\nsketch = 3\n### END SOLUTION"
    task = {**_METADATA, "grade_id": "task", "grade": False, "solution": False, "task": True, "locked": True}
    task["points"] = 3
    notebook.cells += [
        new_markdown_cell(BY_HAND["essay"], metadata={"nbgrader": {**_METADATA, "grade_id": "essay"}}, id="essay"),
        new_code_cell(stub, metadata={"nbgrader": {**_METADATA, "grade_id": "sketch"}}, id="sketch"),
        new_markdown_cell("Draw it.", metadata={"nbgrader": task}, id="task"),
    ]
    return notebook


def handed_in(by_hand: bool = True, **answers: str | None) -> nbformat.NotebookNode:
    """A student's notebook; `by_hand` tells whether the answers that a person grades were written."""
    notebook = tiny.handed_in(**answers)
    for cell in solved().cells[len(notebook.cells) :]:
        name = cell.metadata.nbgrader.grade_id
        cell.source = (TEXTS if by_hand else BY_HAND).get(name, cell.source)
        notebook.cells.append(cell)
    return notebook


def make(folder: Path) -> Path:
    """A course with this assignment, files beside it, and a class of three in the gradebook; returns its root."""
    root = tiny.make_course(folder)
    solutions = root / "solutions" / tiny.UNIT
    nbformat.write(solved(), solutions / f"{tiny.UNIT}.ipynb")
    (solutions / "helpers").mkdir()
    (solutions / "helpers" / "data.csv").write_text("the course's\n")
    paths = CoursePaths(root, root / "class")
    roster = Roster({name: Student(name, f"Student {name.upper()}", "Student", name.upper()) for name in "abc"})
    save_roster(paths.class_dir, roster)
    bridge.enter_assignment(paths, tiny.UNIT)
    bridge.enter_students(paths, roster)
    return root


def marked(work: nbformat.NotebookNode | bytes, paths: CoursePaths) -> Marked:
    """The work, executed and judged in this process."""
    assignment = load_assignment(paths.solutions / tiny.UNIT / f"{tiny.UNIT}.ipynb", tiny.UNIT)
    data = work if isinstance(work, bytes) else tiny.as_bytes(work)
    return mark(assignment.source, data, "12345", Limits(), stubs=assignment.stubs, run=tiny.run_here)


def tables(paths: CoursePaths) -> dict[str, list[str]]:
    """Every row of the gradebook, with names in place of the random ids."""
    names: dict[str, str] = {}
    with closing(sqlite3.connect(paths.class_dir / "gradebook.db")) as db:

        def name_rows(query: str) -> None:
            for row in db.execute(query):
                names[row[0]] = "/".join(str(names.get(value, value)) for value in row[1:])

        name_rows("SELECT id, name FROM assignment")
        name_rows("SELECT id, assignment_id, name FROM notebook")
        name_rows("SELECT id, notebook_id, type, name FROM base_cell")
        name_rows("SELECT id, assignment_id, student_id FROM submitted_assignment")
        name_rows("SELECT id, assignment_id, notebook_id FROM submitted_notebook")
        name_rows("SELECT id, 'grade', notebook_id, cell_id FROM grade")
        name_rows("SELECT id, 'comment', notebook_id, cell_id FROM comment")
        name_rows("SELECT id, 'source', notebook_id, name FROM source_cell")
        found = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {
            table: sorted(
                repr([names.get(value, value) for value in row]) for row in db.execute(f"SELECT * FROM {table}")
            )
            for table in found
        }


def files(paths: CoursePaths) -> dict[str, tuple[bytes, int]]:
    """Content and permissions of everything in `autograded/`."""
    root = paths.class_dir / "autograded"
    found = {}
    for path in sorted(root.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        found[path.relative_to(root).as_posix()] = (content, stat.S_IMODE(path.stat().st_mode))
    return found


class Twins:
    """One class twice.

    Attributes:
        theirs: the copy that nbgrader writes.
        ours: the copy that the ledger writes.
    """

    def __init__(self, template: Path, folder: Path) -> None:
        self.theirs, self.ours = (
            CoursePaths(root, root / "class")
            for root in (shutil.copytree(template, folder / name) for name in ("their copy", "our copy"))
        )

    @property
    def both(self) -> tuple[CoursePaths, CoursePaths]:
        return self.theirs, self.ours

    def submit(self, student: str, work: nbformat.NotebookNode | bytes, *time: str) -> Marked:
        """Put the same work into both; gives it marked."""
        for paths in self.both:
            tiny.submit(paths.class_dir, student, work, *time)
        return marked(work, self.ours)

    def enter(self, student: str, result: Marked) -> None:
        """Enter a result by nbgrader's own step here and by the ledger there, and compare all that is left."""
        nbgraders_own.autograde(self.theirs, tiny.UNIT, student, copy.deepcopy(result))
        with Ledger(self.ours, tiny.UNIT) as ledger:
            points = ledger.enter(student, copy.deepcopy(result))
            assert ledger.points(student) == points
        assert points == nbgraders_own.recorded_points(self.theirs, tiny.UNIT, student)
        self.compare()

    def state(self) -> tuple[dict, dict]:
        """Gradebook and files of the ledger's copy."""
        return tables(self.ours), files(self.ours)

    def compare(self) -> None:
        """Gradebook and files are the same."""
        assert tables(self.ours) == tables(self.theirs)
        assert files(self.ours) == files(self.theirs)

    def sql(self, statement: str) -> None:
        """Change both gradebooks as a person at formgrader does."""
        for paths in self.both:
            with closing(sqlite3.connect(paths.class_dir / "gradebook.db")) as db:
                changed = db.execute(statement).rowcount
                db.commit()
            assert changed > 0
