"""A small assignment that notebooks full of attacks are handed in to: 10 points by tests, 5 by a person."""

import copy
import json
from collections.abc import Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

UNIT = "01_scale"
POINTS = {"scale-visible": 2.0, "scale-hidden": 3.0, "total-visible": 1.0, "total-hidden": 4.0}
"""What the tests give; `explain`, 5 points, is graded by hand."""
BY_HAND = "explain"

STUBS = {
    "scale": "def scale(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()",
    "total": "def total(values):\n    # YOUR CODE HERE\n    raise NotImplementedError()",
    BY_HAND: "YOUR ANSWER HERE",
}
RIGHT = {
    "scale": "def scale(x):\n    return x + x",
    "total": "def total(values):\n    return float(sum(values))",
    BY_HAND: "Because it is linear.",
}
ZEROS = {
    "scale": "def scale(x):\n    return torch.zeros_like(x)",
    "total": "def total(values):\n    return 0.0",
}
"""Answers that are worth nothing: an attack brings these unless it says otherwise."""

SETUP = """
import math
import torch
from cvcourse.checks import check_close, check_equal, generator, random_tensor
"""
SCALE_VISIBLE = 'check_close(scale(torch.tensor([1.0, 2.0])), torch.tensor([2.0, 4.0]), name="scale(x)")'
SCALE_HIDDEN = """
### BEGIN HIDDEN TESTS
# @hidden test@
rng = generator("hidden scale")
x = random_tensor(rng, 5) + 1
expected = 2 * x
check_close(scale(x), expected, name="scale(x)")
### END HIDDEN TESTS
"""
TOTAL_VISIBLE = "assert total([1.0, 2.0]) == 3.0"
# A habit of authors that a chosen generator state profits from: the inputs come from the global generator, after a
# first call of the answer.
TOTAL_HIDDEN = """
### BEGIN HIDDEN TESTS
torch.manual_seed(generator("hidden total").initial_seed())
values = [1.0, 2.0]
total(values)
assert values == [1.0, 2.0], "the values were changed"
values = torch.rand(6).tolist()
expected = math.fsum(values)
result = total(values)
assert result == expected or abs(result - expected) < 1e-6, "another sum"
### END HIDDEN TESTS
"""


def _metadata(grade_id: str, points: float | None, solution: bool, tags: tuple[str, ...]) -> dict:
    found = {"grade": points is not None, "grade_id": grade_id, "locked": not solution}
    found |= {"schema_version": 3, "solution": solution, "task": False}
    if points is not None:
        found["points"] = points
    return {"nbgrader": found} | ({"tags": list(tags)} if tags else {})


def _code(text: str, grade_id: str, points: float | None = None, solution: bool = False, tags: tuple[str, ...] = ()):
    return new_code_cell(text.strip("\n"), metadata=_metadata(grade_id, points, solution, tags), id=grade_id)


def _solution(name: str) -> NotebookNode:
    head, _, body = RIGHT[name].partition("\n")
    text = f"{head}\n    ### BEGIN SOLUTION\n    # @solution@\n{body}\n    ### END SOLUTION"
    return _code(text, name, solution=True)


def solved(secrets: Mapping[str, str]) -> NotebookNode:
    """The instructor's notebook; `secrets` has the texts of "solution" and "hidden test", which nobody may read."""
    by_hand = _metadata(BY_HAND, 5, True, ())
    cells = [
        new_markdown_cell("# Unit 01: Scale", id="title"),
        _code(SETUP, "setup", tags=("given", "setup")),
        new_markdown_cell("## Exercise 1: Scale\n\nTwice the tensor.", id="text-1"),
        _solution("scale"),
        _code(SCALE_VISIBLE, "scale-visible", points=2),
        _code(SCALE_HIDDEN, "scale-hidden", points=3),
        new_markdown_cell("## Exercise 2: Sum\n\nOf a list.", id="text-2"),
        _solution("total"),
        _code(TOTAL_VISIBLE, "total-visible", points=1),
        _code(TOTAL_HIDDEN, "total-hidden", points=4),
        new_markdown_cell("## Exercise 3: Explain\n\nWhy is scale(x + y) = scale(x) + scale(y)?", id="text-3"),
        new_markdown_cell("### BEGIN SOLUTION\nLinear.\n### END SOLUTION", metadata=by_hand, id=BY_HAND),
    ]
    for cell in cells:
        for kind, secret in secrets.items():
            cell.source = cell.source.replace(f"@{kind}@", secret)
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def released() -> NotebookNode:
    """What a student is handed."""
    from cvcourse.grading.cells import grade_id, visible_part

    notebook = solved({})
    for cell in notebook.cells:
        cell.source = STUBS.get(grade_id(cell), visible_part(cell.source))
    return notebook


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    """The cell with this grade_id."""
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def handed_in(answers: Mapping[str, str]) -> NotebookNode:
    """A student's notebook with these answers; the stub stands everywhere else."""
    notebook = copy.deepcopy(released())
    for name, text in answers.items():
        cell_of(notebook, name).source = text
    return notebook


def as_bytes(notebook: NotebookNode) -> bytes:
    """The file that a student would hand in."""
    return json.dumps(notebook).encode()
