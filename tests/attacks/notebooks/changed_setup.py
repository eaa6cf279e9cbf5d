"""Change the text of a locked cell.

tries: the set-up with the checks replaced, and its checksum
gains: code in the process of the tests
must: locked cells are restored from the source
"""

from collections.abc import Callable

from nbformat import NotebookNode

from tests.attacks.notebook_course import cell_of


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    cell = cell_of(notebook, "setup")
    cell.source += "\n\ndef check_close(*args, **kwargs):\n    pass\n"
    cell.metadata.nbgrader.update(locked=False, solution=True, checksum="0" * 32)
