"""Have the tests not run at all.

tries: the tags `skip-execution` and `after-grading`, in the test cells
gains: full points in nbgrader, whose rule takes a cell without an error for passed
must: tags of the submission never count
"""

from collections.abc import Callable

from nbformat import NotebookNode


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.endswith(("visible", "hidden")):
            cell.metadata.tags = ["skip-execution", "after-grading", "raises-exception"]
