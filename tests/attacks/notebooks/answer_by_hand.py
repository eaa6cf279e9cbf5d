"""Fill in the points that a person gives.

tries: points, a grade and a comment in the metadata of the question that is graded by hand
gains: the points of a question that nobody has read
must: points by hand are given by hand
"""

from collections.abc import Callable

from nbformat import NotebookNode

from tests.attacks.notebook_course import cell_of


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    cell = cell_of(notebook, "explain")
    cell.source = "pass"
    cell.cell_type = "code"
    cell.outputs, cell.execution_count = [], None
    cell.metadata.nbgrader.update(solution=False, locked=True, points=15, manual_score=15, auto_score=15, score=15)
