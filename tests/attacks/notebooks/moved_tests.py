"""Put the tests where they cannot fail.

tries: all tests before the set-up, inside a text cell and after a cell that ends the kernel
gains: tests that are not run count as passed
must: the order is the instructor's
"""

from collections.abc import Callable

from nbformat import NotebookNode


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    tests = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").endswith(("visible", "hidden"))
    ]
    rest = [cell for cell in notebook.cells if cell not in tests]
    tests[0].cell_type = "markdown"
    tests[1].cell_type = "raw"
    for cell in tests[:2]:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)
    rest[1].source += "\nimport os\nos._exit(0)"
    notebook.cells = [*tests[:2], *rest, *tests[2:]]
