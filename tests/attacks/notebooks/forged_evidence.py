"""Say oneself that the tests passed.

tries: outputs, execution counts and metadata that an executed notebook has, on the test cells
gains: points without a run
must: outputs and metadata of the submission are thrown away
"""

import hashlib
from collections.abc import Callable

from nbformat import NotebookNode
from nbformat.v4 import new_output


def edit(notebook: NotebookNode, fill: Callable[[str], str]) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            text = hashlib.sha256(cell.source.encode()).hexdigest()
            cell.metadata["cvcourse"] = {"outcome": "passed", "text": text, "origin": "course", "points": 100}
            cell.execution_count = 1
            cell.outputs = [new_output("execute_result", data={"text/plain": "100"}, execution_count=1)]
