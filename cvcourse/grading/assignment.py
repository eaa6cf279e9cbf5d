"""The instructor's notebook of a unit, as grading needs it: hidden tests, stubs, and a hash of both."""

import copy
import hashlib
import json
from dataclasses import dataclass, field, fields
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cvcourse.errors import ClassError
from cvcourse.grading.cells import TestCell, test_cells
from cvcourse.grading.execute import Limits
from cvcourse.grading.marking import stubs_of


@dataclass(frozen=True)
class Assignment:
    """What a submission is graded against.

    Attributes:
        unit: its name.
        source: the instructor's notebook, without outputs.
        stubs: text of the answer cells as nbgrader releases them, by grade_id.
        hash: changes with any cell of the source.
        limits: of time and output, as the source's header sets them.
    """

    unit: str
    source: NotebookNode
    stubs: dict[str, str]
    hash: str
    limits: Limits = field(default_factory=Limits)

    @property
    def tests(self) -> list[TestCell]:
        """Its graded cells in order."""
        return test_cells(self.source)

    @property
    def points(self) -> float:
        """What it is worth."""
        return sum(test.points for test in self.tests)


def load_assignment(path: Path, unit: str) -> Assignment:
    """The assignment in an instructor's notebook.

    Raises:
        ClassError: there is no such notebook, or it has no tests.
    """
    try:
        source = nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise ClassError(f"{path} is not there: make it with `cvcourse build {unit}`") from None
    except (ValueError, nbformat.ValidationError) as error:
        raise ClassError(
            f"{path} is not a notebook ({str(error).splitlines()[0]}): run `cvcourse build --force`"
        ) from error
    for cell in source.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if not test_cells(source):
        raise ClassError(f"{path} has no graded cells: an assignment needs tests with nbgrader's metadata")
    text = json.dumps([[cell.cell_type, cell.source, cell.metadata] for cell in source.cells], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    limits = _limits(source.metadata.get("cvcourse", {}).get("limits", {}), path)
    return Assignment(unit, source, stubs_of(_released(source)), digest, limits)


def _limits(given: dict, path: Path) -> Limits:
    """The limits that an assignment sets in its header; the usual ones for what it does not name."""
    names = {field.name for field in fields(Limits)}
    if not isinstance(given, dict) or not given.keys() <= names:
        raise ClassError(f"{path}: `limits` may set {', '.join(sorted(names))}, not {given!r}")
    if not all(
        isinstance(value, int | float) and not isinstance(value, bool) and value > 0 for value in given.values()
    ):
        raise ClassError(f"{path}: each of `limits` is a number above 0, not {given!r}")
    return Limits(**given)


def _released(source: NotebookNode) -> NotebookNode:
    """The answers cleared by nbgrader itself, with its default marks."""
    from nbgrader.preprocessors import ClearSolutions

    notebook = copy.deepcopy(source)
    notebook.metadata.setdefault("kernelspec", {}).setdefault("language", "python")
    return ClearSolutions().preprocess(notebook, {})[0]
