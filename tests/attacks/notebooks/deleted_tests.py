"""Hand in no tests.

tries: a notebook without any test cell
gains: points that were never taken off
must: the instructor's cells are put back and run
"""

from collections.abc import Callable

from nbformat import NotebookNode


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    notebook.cells = [
        c
        for c in notebook.cells
        if not c.metadata.get("nbgrader", {}).get("grade_id", "").endswith(("visible", "hidden"))
    ]
