"""Reading, writing and comparing notebook files, always in the same bytes for the same notebook."""

import os
import tempfile
from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cvcourse.errors import BuildError

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}


def serialise(notebook: NotebookNode) -> str:
    """The one text of a notebook: sorted keys, one space of indentation, a newline at the end."""
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def read(path: Path) -> NotebookNode:
    """The notebook in a file.

    Raises:
        BuildError: the file is no notebook.
    """
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(notebook)
    except (ValueError, nbformat.ValidationError) as error:
        reason = str(error).strip().split("\n")[0]
        raise BuildError(f"{path} is not a notebook that can be read ({reason}): build it with --force") from None
    return notebook


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook; the file holds either its old or its new content, never a half."""
    nbformat.validate(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(serialise(notebook))
        os.chmod(name, 0o644)  # mkstemp makes files that nobody else may read
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """A copy with neither outputs nor execution counts, nor the budget that the outputs were made with."""
    bare = deepcopy(notebook)
    bare.metadata.get("cvcourse", {}).pop("budget", None)
    for cell in code_cells(bare):
        cell.outputs = []
        cell.execution_count = None
    return bare


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))


def name_of(cell: NotebookNode, index: int) -> str:
    """How messages call a cell: its number from 1, and its grade_id or its first line."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
    first = next((line.strip() for line in cell.source.split("\n") if line.strip()), "(empty)")
    return f"cell {index + 1} ({grade_id or first[:60]})"
