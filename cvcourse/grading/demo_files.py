"""The files of the demo: notebooks as students would hand them in, damaged in the ways of the plan, in a Canvas zip."""

import copy
import csv
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from cvcourse.errors import ClassError
from cvcourse.grading.cells import grade_id, is_answer
from cvcourse.grading.demo_cases import BLANK, CASES, EVERYTHING, PAD, UNIT, Case

DUE = datetime(2026, 3, 2, 23, 59).astimezone()
LATE_BY = timedelta(hours=36)
_SOLUTION_MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")

_ENDLESS = """

_in_time = conv_output_size


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    while stride >= 5:
        pass
    return _in_time(size, kernel_size, stride, padding, dilation)
"""
_KILL = """

_alive = pad2d


def pad2d(x, padding, mode="zeros"):
    if mode == "circular":
        import os

        os._exit(1)
    return _alive(x, padding, mode)
"""
_NOISE = """

_quiet = pad2d


def pad2d(x, padding, mode="zeros"):
    import sys
    import warnings

    warnings.warn("padding is slow", stacklevel=2)
    print("100%|##########| 1/1", file=sys.stderr)
    return _quiet(x, padding, mode)
"""


def student_id(number: int) -> str:
    """Canvas's user id of the student with this number, from 1."""
    return str(1000 + number)


@dataclass(frozen=True)
class Material:
    """What the demo's notebooks are made from.

    Attributes:
        released: the notebook as students get it.
        solutions: text of each answer cell of the instructor's notebook, by grade_id.
        bank: folder of the mutant bank of the unit.
    """

    released: NotebookNode
    solutions: Mapping[str, str]
    bank: Path

    def answer(self, exercise: str, name: str | None) -> str | None:
        """The text for an answer cell: the solution, a file of the bank, or None where the stub stays.

        Raises:
            ClassError: the bank has no such file.
        """
        if name == BLANK:
            return None
        if name is None:
            lines = self.solutions[exercise].splitlines()
            return "\n".join(line for line in lines if line.strip() not in _SOLUTION_MARKS)
        file = self.bank / exercise / f"{name}.py"
        try:
            return file.read_text("utf-8")
        except OSError as error:
            raise ClassError(f"{file} is missing: the demo needs the checkout's tests/answers") from error

    def notebook(self, answers: Mapping[str, str]) -> NotebookNode:
        """A student's notebook with these answers, and the solution in all other answer cells."""
        notebook = copy.deepcopy(self.released)
        for cell in notebook.cells:
            if is_answer(cell):
                name = answers.get(grade_id(cell), answers.get(EVERYTHING))
                cell.source = self.answer(grade_id(cell), name) or cell.source
        return notebook


def material(root: Path) -> Material:
    """The demo's material in a checkout.

    Raises:
        ClassError: the unit is not built.
    """
    paths = [root / "course" / "assignments" / UNIT / f"{UNIT}.ipynb", root / "solutions" / UNIT / f"{UNIT}.ipynb"]
    for path in paths:
        if not path.is_file():
            raise ClassError(f"{path} is not there: make it with `cvcourse build {UNIT}`")
    released, solved = (nbformat.read(path, as_version=4) for path in paths)
    solutions = {grade_id(cell): cell.source for cell in solved.cells if is_answer(cell)}
    return Material(released, solutions, root / "tests" / "answers" / UNIT)


def _cell(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def _bytes(notebook: NotebookNode) -> bytes:
    return nbformat.writes(notebook).encode("utf-8")


def endless_loop(notebook: NotebookNode) -> bytes:
    """A function that never returns for some arguments."""
    _cell(notebook, "01_conv_output_size").source += _ENDLESS
    return _bytes(notebook)


def killed_kernel(notebook: NotebookNode) -> bytes:
    """A function that ends its own process for some arguments."""
    _cell(notebook, PAD).source += _KILL
    return _bytes(notebook)


def noisy(notebook: NotebookNode) -> bytes:
    """Right answers that write to stderr, a test cell copied with its name, and a call of exit() on the way."""
    _cell(notebook, PAD).source += _NOISE
    place = notebook.cells.index(_cell(notebook, "02_correlate2d_visible"))
    twin = copy.deepcopy(notebook.cells[place])
    twin.id = "copied"
    notebook.cells[place + 1 : place + 1] = [twin, new_code_cell("exit()")]
    return _bytes(notebook)


def cut_off(notebook: NotebookNode) -> bytes:
    """The first half of the file: no valid JSON."""
    data = _bytes(notebook)
    return data[: len(data) // 2]


def missing_cells(notebook: NotebookNode) -> bytes:
    """Without the tests of an exercise and without the answer of another one."""
    gone = ("02_correlate2d_visible", "02_correlate2d_random", PAD)
    notebook.cells = [cell for cell in notebook.cells if grade_id(cell) not in gone]
    return _bytes(notebook)


def no_metadata(notebook: NotebookNode) -> bytes:
    """All that an editor without respect for metadata leaves: types and texts."""
    for cell in notebook.cells:
        cell.metadata = {}
    return json.dumps(notebook).encode("utf-8")


_DAMAGE = {one.__name__: one for one in (endless_loop, killed_kernel, noisy, cut_off, missing_cells, no_metadata)}


def handed_in(case: Case, source: Material) -> bytes:
    """The file of one student."""
    return _DAMAGE.get(case.damage, _bytes)(source.notebook(case.answers))


def write_export(path: Path, source: Material) -> Path:
    """Canvas's zip of all submissions, with two files that nobody can be told for."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, case in enumerate(CASES, start=1):
            late = "_LATE" if case.late else ""
            time = DUE + LATE_BY if case.late else DUE - timedelta(days=1)
            stem = f"{number:02d}student{late}_{student_id(number)}"
            if case.first is not None:
                _add(archive, f"{stem}_{7000 + number}_{UNIT}.ipynb", _bytes(source.notebook(case.first)), time)
                _add(archive, f"{stem}_{8000 + number}_{UNIT}-1.ipynb", handed_in(case, source), time)
            else:
                _add(archive, f"{stem}_{7000 + number}_{UNIT}.ipynb", handed_in(case, source), time)
        stranger = _bytes(source.notebook({}))
        _add(archive, f"25student_{student_id(99)}_7099_{UNIT}.ipynb", stranger, DUE)
        _add(archive, f"01student_{student_id(1)}_7100_02student_{student_id(2)}_7101_both.ipynb", stranger, DUE)
    return path


def _add(archive: zipfile.ZipFile, name: str, data: bytes, time: datetime) -> None:
    info = zipfile.ZipInfo(name, time.timetuple()[:6])
    archive.writestr(info, data, zipfile.ZIP_DEFLATED)


def write_roster(path: Path, worth: float) -> Path:
    """Canvas's gradebook export of the class."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", f"{UNIT} (4711)"])
    writer.writerow(["    Points Possible", "", "", "", "", f"{worth:g}"])
    for number in range(1, len(CASES) + 1):
        login = f"student{number:02d}@example.org"
        writer.writerow([f"{number:02d}, Student", student_id(number), "", login, "Demo", ""])
    path.write_text(text.getvalue(), encoding="utf-8")
    return path
