"""The two assignments that are graded, and a class that hands something in: the solution mixed with the mutant bank."""

import copy
import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cvcourse.grading.cells import AFTER_GRADING, grade_id, is_answer, tags

ROOT = Path(__file__).resolve().parents[2]
UNIT = "01_convolutions"
SMALL = ("01_conv_output_size", "02_correlate2d", "04_pad2d", "07_convolution_matrix")
"""The exercises of assignment (a)."""
RIGHT_SHARE = 0.6
"""Share of the answers that are right: about that of a class."""


@dataclass(frozen=True)
class Assignment:
    """One of the two: what the instructor has, what students get, and answers to hand in, by grade_id."""

    name: str
    source: NotebookNode
    released: NotebookNode
    answers: dict[str, list[str]]

    @property
    def exercises(self) -> list[str]:
        """The answer cells' names."""
        return list(self.answers)


def _notebook(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def _kept(notebook: NotebookNode, exercises: tuple[str, ...]) -> NotebookNode:
    """The notebook with these exercises, and of the other cells what they need: titles, imports, given cells."""
    notebook, kept, section = copy.deepcopy(notebook), [], []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            kept += _if_wanted(section, exercises)
            section = []
        section.append(cell)
    notebook.cells = kept + _if_wanted(section, exercises)
    return notebook


def _if_wanted(section: list[NotebookNode], exercises: tuple[str, ...]) -> list[NotebookNode]:
    """A section of the notebook, if it is before the exercises or one of those wanted."""
    answers = {grade_id(cell) for cell in section if is_answer(cell)}
    opening = not answers and not any(grade_id(cell) == "progress" or AFTER_GRADING in tags(cell) for cell in section)
    return section if opening or answers & set(exercises) else []


def load(exercises: tuple[str, ...] = ()) -> Assignment:
    """Unit 01, whole or only these exercises of it, from the built notebooks."""
    source = _notebook(ROOT / "solutions" / UNIT / f"{UNIT}.ipynb")
    released = _notebook(ROOT / "course" / "assignments" / UNIT / f"{UNIT}.ipynb")
    if exercises:
        source, released = _kept(source, exercises), _kept(released, exercises)
    solutions = {grade_id(cell): cell.source for cell in source.cells if is_answer(cell)}
    return Assignment("a" if exercises else "b", source, released, {n: _answers(n, t) for n, t in solutions.items()})


def _answers(exercise: str, solution: str) -> list[str]:
    """The solution and the bank's answers to an exercise: right ones first."""
    found = sorted((ROOT / "tests" / "answers" / UNIT / exercise).glob("*.py"))
    return [solution, *(path.read_text("utf-8") for path in found)]


def _mixed(assignment: Assignment, number: int) -> dict[str, str]:
    """The answers of a student: the solution or one of the bank's, by a generator of the student's number."""
    rng = random.Random(number)
    chosen = {}
    for exercise, texts in assignment.answers.items():
        text = texts[0] if rng.random() < RIGHT_SHARE else rng.choice(texts)
        chosen[exercise] = f"{text.rstrip()}\n# student {number}\n"  # so that no two submissions are equal
    return chosen


def submission(assignment: Assignment, number: int) -> bytes:
    """The file that student `number` hands in."""
    notebook = copy.deepcopy(assignment.released)
    chosen = _mixed(assignment, number)
    for cell in notebook.cells:
        if grade_id(cell) in chosen:
            cell.source = chosen[grade_id(cell)]
    return json.dumps(notebook).encode()


def student(number: int) -> str:
    """The id of a student."""
    return f"student-{number:04d}"


def hand_in(assignment: Assignment, submitted: Path, count: int) -> None:
    """Put the work of `count` students where nbgrader looks for it."""
    for number in range(count):
        folder = submitted / student(number) / UNIT
        folder.mkdir(parents=True)
        (folder / f"{UNIT}.ipynb").write_bytes(submission(assignment, number))
        (folder / "timestamp.txt").write_text("2026-01-01 12:00:00 UTC")


def make_checkout(assignment: Assignment, folder: Path) -> Path:
    """A checkout of a course with this assignment only, for `cvcourse`; gives its folder."""
    (folder / "source" / "assignments").mkdir(parents=True)
    (folder / "source" / "assignments" / f"{UNIT}.py").write_text("# %% [markdown]\n# # Unit 01\n")
    for where, notebook in (("solutions", assignment.source), ("course/assignments", assignment.released)):
        (folder / where / UNIT).mkdir(parents=True)
        nbformat.write(notebook, folder / where / UNIT / f"{UNIT}.ipynb")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return folder
