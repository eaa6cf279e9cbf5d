"""Have a cell of one's own run with the instructor's.

tries: the tag `given`, a lock and a grade_id like those of the set-up, on a cell that replaces the checks
gains: code in the process of the tests
must: tags and locks count in the instructor's notebook only
"""

from collections.abc import Callable

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    cell = new_code_cell(
        "import cvcourse.checks\ncheck_close = lambda *args, **kwargs: None\ncvcourse.checks.check_close = check_close"
    )
    cell.metadata = {
        "tags": ["given", "setup"],
        "nbgrader": {
            "grade": False,
            "grade_id": "setup-2",
            "locked": True,
            "schema_version": 3,
            "solution": False,
            "task": False,
        },
    }
    notebook.cells.insert(2, cell)
