"""Give the tests other points.

tries: 1000 points for one's own test cells, negative ones, and text
gains: more than the assignment is worth
must: points come from the instructor's notebook
"""

from collections.abc import Callable

from nbformat import NotebookNode


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    for cell in notebook.cells:
        metadata = cell.metadata.get("nbgrader", {})
        if "points" in metadata:
            metadata.points = 1000
            metadata.max_points = 1000
