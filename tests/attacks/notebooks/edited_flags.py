"""Turn tests into something that is graded otherwise.

tries: tests without a grade, answers that are tests, a task in the place of the question graded by hand
gains: points for a cell that cannot fail
must: flags come from the instructor's notebook
"""

from collections.abc import Callable

from nbformat import NotebookNode


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    for cell in notebook.cells:
        metadata = cell.metadata.get("nbgrader", {})
        name = metadata.get("grade_id", "")
        if name.endswith(("visible", "hidden")):
            metadata.update(grade=True, solution=True, locked=False)
            cell.source = "pass"
        elif name in ("scale", "total"):
            metadata.update(grade=True, solution=False, points=10)
            cell.source = "pass"
