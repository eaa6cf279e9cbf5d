"""Claim another version of the metadata.

tries: schema versions that do not exist or have another meaning, and checksums that say that nothing was changed
gains: cells that the grader does not take for tests
must: metadata come from the instructor's notebook
"""

from collections.abc import Callable

from nbformat import NotebookNode


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    for number, cell in enumerate(notebook.cells):
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.schema_version = (1, 2, 99, "3")[number % 4]
            cell.metadata.nbgrader.checksum = "d41d8cd98f00b204e9800998ecf8427e"
    notebook.metadata.kernelspec.name = "bash"
