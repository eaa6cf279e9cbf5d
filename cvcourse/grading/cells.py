"""What a notebook's cells are to the grader, read from nbgrader's metadata without nbgrader.

`cvcourse check` runs on a student's machine, where nbgrader is not installed; so nothing here imports it.
"""

import ast
import functools
import re
import threading
from dataclasses import dataclass

from nbformat import NotebookNode

HIDDEN_BEGIN = "BEGIN HIDDEN TESTS"
HIDDEN_END = "END HIDDEN TESTS"
AFTER_GRADING = "after-grading"
GIVEN = "given"

# Two threads that parse at the same time can disturb each other in Python 3.11: "SystemError: AST constructor recursion
# depth mismatch" (python/cpython#106905).
_PARSING = threading.Lock()
_HEADING = re.compile(r"^(#{1,2})\s+(.+?)\s*#*\s*$", re.MULTILINE)


@dataclass(frozen=True)
class TestCell:
    """One graded cell of an assignment.

    Attributes:
        grade_id: nbgrader's name of the cell.
        index: its place in the source notebook.
        exercise: the second-level heading above it, such as "Exercise 1: Output size".
        points: what it is worth.
        hidden: whether some of it is withheld from students.
        by_hand: whether a person grades it (an answer that carries points itself).
        answers: the grade_ids of the answer cells that it tests.
    """

    __test__ = False  # the name is the subject's; pytest must not take it for one of its own

    grade_id: str
    index: int
    exercise: str
    points: float
    hidden: bool
    by_hand: bool
    answers: tuple[str, ...]


def nbgrader_metadata(cell: NotebookNode) -> dict:
    """The cell's nbgrader metadata, empty where there is none or it is not what it should be."""
    metadata = cell.get("metadata", {}).get("nbgrader")
    return metadata if isinstance(metadata, dict) else {}


def grade_id(cell: NotebookNode) -> str:
    """nbgrader's name of the cell, empty where it has none."""
    name = nbgrader_metadata(cell).get("grade_id")
    return name if isinstance(name, str) else ""


def is_graded(cell: NotebookNode) -> bool:
    """Whether the cell carries points: a test, or an answer graded by hand."""
    metadata = nbgrader_metadata(cell)
    return bool(metadata.get("grade") or metadata.get("task"))


def is_answer(cell: NotebookNode) -> bool:
    """Whether the student writes in this cell."""
    return bool(nbgrader_metadata(cell).get("solution"))


def is_test(cell: NotebookNode) -> bool:
    """Whether the cell is code that decides about points by itself."""
    return cell.cell_type == "code" and is_graded(cell) and not is_answer(cell)


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    found = cell.get("metadata", {}).get("tags", [])
    return [tag for tag in found if isinstance(tag, str)] if isinstance(found, list) else []


def is_executed(cell: NotebookNode) -> bool:
    """Whether grading runs the cell: code that is not left for after grading."""
    return cell.cell_type == "code" and AFTER_GRADING not in tags(cell)


def is_given(cell: NotebookNode) -> bool:
    """Whether it is one of the instructor's own cells without points."""
    return bool(grade_id(cell)) and not is_answer(cell) and not is_graded(cell)


def cell_name(notebook: NotebookNode, index: int) -> str:
    """What a message calls a cell; one of the student's own by what it stands behind and its place, counted from 1."""
    name, cell = grade_id(notebook.cells[index]), notebook.cells[index]
    if name:
        return f"the {'answer' if is_answer(cell) else 'test' if is_test(cell) else 'given'} cell {name}"
    before = [grade_id(one) for one in notebook.cells[:index] if grade_id(one)]
    return f"the cell after {before[-1]} (number {index + 1})" if before else f"the cell number {index + 1}"


def has_hidden_tests(source: str) -> bool:
    """Whether the text holds a part that students do not see."""
    return HIDDEN_BEGIN in source


def hidden_lines(source: str) -> list[str]:
    """The lines between nbgrader's marks for hidden tests, stripped, without blank ones."""
    inside, found = False, []
    for line in source.splitlines():
        if HIDDEN_BEGIN in line or HIDDEN_END in line:
            inside = HIDDEN_BEGIN in line
        elif inside and line.strip():
            found.append(line.strip())
    return found


def visible_part(source: str) -> str:
    """The text without the hidden part, as nbgrader releases it."""
    inside, kept = False, []
    for line in source.splitlines():
        if HIDDEN_BEGIN in line or HIDDEN_END in line:
            inside = HIDDEN_BEGIN in line
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


@functools.lru_cache(maxsize=256)
def defined_names(source: str) -> frozenset[str]:
    """The functions and classes that the text defines at its top level; none where it is not Python."""
    try:
        with _PARSING:
            body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(node.name for node in body if isinstance(node, kinds))


def _heading(cell: NotebookNode) -> tuple[int, str] | None:
    if cell.cell_type != "markdown" or not (found := _HEADING.findall(cell.source)):
        return None
    level, text = found[-1]
    return len(level), re.sub(r"\s*\([^()]*\)$", "", text)  # without "(6 points, about 15 minutes)"


def _tested_by(source: str, answers: list[NotebookNode]) -> tuple[str, ...]:
    """The answers that a test names; all of them where it names none."""
    words = set(re.findall(r"\w+", source))
    named = [cell for cell in answers if defined_names(cell.source) & words]
    return tuple(grade_id(cell) for cell in named or answers)


def test_cells(notebook: NotebookNode) -> list[TestCell]:
    """The graded cells of an assignment in order, each with its exercise and the answers that it tests."""
    exercise, answers, found = "", [], []
    for index, cell in enumerate(notebook.cells):
        if (heading := _heading(cell)) is not None:
            exercise, answers = heading[1], []
        if is_answer(cell):
            answers.append(cell)
        if is_graded(cell):
            metadata = nbgrader_metadata(cell)
            found.append(
                TestCell(
                    grade_id=grade_id(cell),
                    index=index,
                    exercise=exercise or grade_id(cell),
                    points=float(metadata.get("points") or 0),
                    hidden=has_hidden_tests(cell.source),
                    by_hand=not is_test(cell),
                    answers=_tested_by(cell.source, answers),
                )
            )
    return found


test_cells.__test__ = False
