"""What a run leaves in a notebook: cleaned of what differs between machines, and searched for what must not stay."""

import base64
import os
import re
import sys
import tempfile
from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode

from cvcourse.build.notebook import code_cells, name_of, serialise
from cvcourse.build.rules import is_graded

WIDGET = "application/vnd.jupyter.widget-view+json"
MOST_NOTEBOOK = 2_000_000  # bytes
MUCH_IMAGE = 300_000  # bytes
BAR = re.compile(r"^.*\d+%\|.*$\n?", re.MULTILINE)  # tqdm's bar in a text
ADDRESS = re.compile(r"\b(at )0x[0-9a-f]{6,16}\b")
IMG_WITHOUT_ALT = re.compile(r"<img\b(?![^>]*\balt=['\"][^'\"])")


def clean(notebook: NotebookNode, root: Path) -> None:
    """Bring the outputs of an executed notebook into the form in which they are published, in place.

    Widget state and views go (the still picture beside a view stays), progress bars go, paths of this machine and
    addresses of objects are replaced, execution counts become 1..n.
    """
    notebook.metadata.pop("widgets", None)
    places = machine_paths(root)
    count = 0
    for cell in code_cells(notebook):
        count += bool(cell.source.strip())
        cell.execution_count = count if cell.source.strip() else None
        cell.metadata.pop("execution", None)
        cell.outputs = [output for output in cell.outputs if _keep(output)]
        for index, output in enumerate(cell.outputs):
            cell.outputs[index] = _without_machine(output, places)
            if output.output_type == "execute_result":
                cell.outputs[index].execution_count = cell.execution_count


def _keep(output: NotebookNode) -> bool:
    """Strip one output of views and bars; False where nothing to look at is left."""
    if output.output_type == "stream":
        output.text = BAR.sub("", output.text) if output.name == "stderr" else output.text
        return bool(output.text.strip())
    if output.output_type in ("display_data", "execute_result") and output.data.pop(WIDGET, None) is not None:
        output.metadata.pop(WIDGET, None)
        return set(output.data) != {"text/plain"} and bool(output.data)
    return True


def machine_paths(root: Path) -> list[tuple[re.Pattern[str], str]]:
    """Patterns of the folders that belong to this machine, the longest first, and what stands for each."""
    named = {
        str(root) + os.sep: "",
        str(root): ".",
        sys.prefix: "$VIRTUAL_ENV",
        str(Path.home()): "~",
        tempfile.gettempdir(): "$TMPDIR",
    }
    if os.environ.get("CVCOURSE_DATA"):
        named[os.environ["CVCOURSE_DATA"].rstrip(os.sep)] = "$CVCOURSE_DATA"
        named[str(Path(os.environ["CVCOURSE_DATA"]).resolve())] = "$CVCOURSE_DATA"
    longest_first = sorted(named, key=len, reverse=True)
    end = {path: "" if path.endswith(os.sep) else r"(?![\w.-])" for path in named}
    return [
        (re.compile(rf"(?<![\w.~-]){re.escape(path)}{end[path]}"), named[path])
        for path in longest_first
        if len(path.strip(os.sep)) > 0
    ]


def _without_machine(value, places: list[tuple[re.Pattern[str], str]]):
    """`value` (text, list, mapping) with this machine's paths and addresses replaced in every text but pictures."""
    if isinstance(value, str):
        for pattern, replacement in places:
            value = pattern.sub(lambda _, text=replacement: text, value)
        return ADDRESS.sub(r"\g<1>0x...", value)
    if isinstance(value, list):
        return [_without_machine(item, places) for item in value]
    if isinstance(value, dict):
        for key in value:
            if not (key.startswith("image/") and isinstance(value[key], str) and key != "image/svg+xml"):
                value[key] = _without_machine(value[key], places)
    return value


def problems(notebook: NotebookNode, root: Path) -> list[str]:
    """What keeps an executed notebook from being published, one sentence each; empty where nothing does."""
    found: list[str] = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            found += [f"{name_of(cell, index)}: {problem}" for problem in _cell_problems(cell)]
    size = len(serialise(notebook).encode())
    if size >= MOST_NOTEBOOK:
        found.append(
            f"{size / 1e6:.1f} MB, and {MOST_NOTEBOOK / 1e6:.0f} MB are the most: draw fewer or smaller figures"
        )
    cleaned = deepcopy(notebook)
    clean(cleaned, root)
    if serialise(cleaned) != serialise(notebook):
        found.append("it holds paths of this machine, widget state or the like, as a manual run leaves them")
    return found


def _cell_problems(cell: NotebookNode) -> list[str]:
    found = []
    if cell.source.strip() and cell.execution_count is None:
        found.append("it was never run")
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            line = output.text.strip().split("\n")[-1]
            found.append(f"it writes to stderr, which costs a graded cell its points: {line[:100]}")
        elif output.output_type in ("display_data", "execute_result"):
            found += _picture_problems(output)
        if is_graded(cell) and output.output_type in ("error", "execute_result"):
            found.append(
                "the solution does not earn its points: the cell must end without a value and without an error"
            )
    return found


def _picture_problems(output: NotebookNode) -> list[str]:
    found = []
    for mime in output.data:
        if mime.startswith("image/") and not str(output.metadata.get(mime, {}).get("alt", "")).strip():
            found.append(f"{mime} without alt text: show it with cvcourse.plotting.show(figure, alt=...)")
    if IMG_WITHOUT_ALT.search(str(output.data.get("text/html", ""))):
        found.append("an <img> without alt text in its HTML")
    return found


def remarks(notebook: NotebookNode) -> list[str]:
    """What could be better in an executed notebook without keeping it back, one sentence each."""
    found = []
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            png = output.get("data", {}).get("image/png")
            if png and (size := len(base64.b64decode(png))) > MUCH_IMAGE:
                found.append(f"{name_of(cell, index)}: a picture of {size / 1000:.0f} kB: use fewer dots per inch")
    return found


def reuse(old: NotebookNode, new: NotebookNode) -> NotebookNode | None:
    """A copy of `new` with the outputs of `old`, where only prose differs; None where code does or was never run."""
    merged = deepcopy(new)
    before, after = code_cells(old), code_cells(merged)
    if [cell.source for cell in before] != [cell.source for cell in after]:
        return None
    for done, cell in zip(before, after, strict=True):
        if cell.source.strip() and done.execution_count is None:
            return None
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    return merged
