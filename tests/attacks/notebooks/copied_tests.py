"""Hand in each test twice.

tries: a second cell with the name of each test, which does nothing, before the real one and after it
gains: the points of the copy
must: a test is run once, with the instructor's text
"""

import copy
from collections.abc import Callable

from nbformat import NotebookNode


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    cells = []
    for cell in notebook.cells:
        copied = copy.deepcopy(cell)
        copied.source = "pass"
        copied.id = f"copy-{len(cells)}"
        test = cell.metadata.get("nbgrader", {}).get("grade_id", "").endswith(("visible", "hidden"))
        cells += [copied, cell, copied | {"id": f"again-{len(cells)}"}] if test else [cell]
    notebook.cells = cells
