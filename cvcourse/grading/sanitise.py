"""Makes an executed submission harmless to look at: in formgrader, JupyterLab, nbconvert's pages and feedback.

What a student wrote or printed is text and pictures afterwards: no script, no widget, nothing that is loaded from
anywhere. The course's own cells stay as they are, and so does the source of code cells, which every program shows as
text, and a student's Markdown without HTML, remote pictures and odd links.
"""

import base64
import binascii
import io
import re

from nbformat import NotebookNode
from PIL import Image

from cvcourse.grading.cells import grade_id, is_answer
from cvcourse.grading.markup import Markup, latex

MOST_PIXELS = 50_000_000  # a small file can unpack to a picture that no browser can hold
UNCHECKED = "[an HTML output is left out: it is too large or too broken to be checked]"
_PICTURES = {"image/png": "PNG", "image/jpeg": "JPEG"}
_CONTROL = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+([@-~]))?|[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,30}m")
_NOT_IN_NAMES = re.compile(r"[^\w .,:+/()-]")
_FILE_NAME = re.compile(r"[\w.%-]{1,200}")


def sanitise(notebook: NotebookNode) -> NotebookNode:
    """Make an executed submission harmless, in place.

    Args:
        notebook: nbformat 4, restored from the source: cells that say they are the course's are believed.

    Returns:
        The same notebook.
    """
    markup = Markup()
    notebook.metadata = _notebook_metadata(notebook.metadata)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            shown = (_output(output, markup) for output in cell.get("outputs", []))
            cell.outputs = [output for output in shown if output is not None]
        if not _is_the_courses(cell):
            _clean(cell, markup)
    return notebook


def _is_the_courses(cell: NotebookNode) -> bool:
    origin = cell.metadata.get("cvcourse", {}).get("origin")
    return origin == "course" or (bool(grade_id(cell)) and not is_answer(cell))


def _clean(cell: NotebookNode, markup: Markup) -> None:
    """A cell that the student wrote: its text, its pictures, and of its metadata what grading put there."""
    kept = ("nbgrader", "cvcourse", "tags") if grade_id(cell) else ("cvcourse",)
    cell.metadata = NotebookNode({name: cell.metadata[name] for name in kept if name in cell.metadata})
    attachments = _attachments(cell.pop("attachments", {}))
    if cell.cell_type == "markdown":
        cell.source = markup.markdown(cell.source, frozenset(attachments))
        if attachments:
            cell.attachments = attachments
    elif cell.cell_type == "raw":
        cell.source = markup.raw(cell.source)


def _attachments(given: object) -> dict[str, dict[str, str]]:
    """Those of a cell's attachments that are pictures."""
    pictures = {}
    for name, data in given.items() if isinstance(given, dict) else ():
        shown = {kind: value for kind, value in data.items() if _is_picture(kind, value)} if data else {}
        if shown and _FILE_NAME.fullmatch(name):
            pictures[name] = shown
    return pictures


def _notebook_metadata(metadata: NotebookNode) -> NotebookNode:
    """The kernel's and the language's names; no title, no widgets, no other program's settings."""
    kept = {}
    for part in ("kernelspec", "language_info"):
        entries = metadata.get(part)
        if isinstance(entries, dict):
            kept[part] = {k: _NOT_IN_NAMES.sub("", v)[:100] for k, v in entries.items() if isinstance(v, str)}
            mode = entries.get("codemirror_mode")
            if isinstance(mode, dict) and mode.get("name") == "ipython":
                kept[part]["codemirror_mode"] = {"name": "ipython", "version": 3}
    return NotebookNode(kept)


def _output(output: NotebookNode, markup: Markup) -> NotebookNode | None:
    """The same output with nothing but text and pictures; None where it is no output."""
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return NotebookNode(output_type=kind, name=name, text=plain_text(output.get("text")))
    if kind == "error":
        entries = output.get("traceback", [])
        traceback = [plain_text(entry) for entry in entries] if isinstance(entries, list) else []
        ename, evalue = plain_text(output.get("ename")), plain_text(output.get("evalue"))
        return NotebookNode(output_type=kind, ename=ename, evalue=evalue, traceback=traceback)
    if kind not in ("display_data", "execute_result") or not isinstance(output.get("data"), dict):
        return None
    data = {name: value for name, one in output.data.items() if (value := _shown(name, one, markup)) is not None}
    if not data:
        names = _NOT_IN_NAMES.sub("", ", ".join(sorted(output.data)))[:200]
        data = {"text/plain": f"[an output is left out that is not shown here: {names or 'empty'}]"}
    metadata = {name: size for name in data if (size := _size(output.get("metadata"), name))}
    clean = NotebookNode(output_type=kind, data=NotebookNode(data), metadata=NotebookNode(metadata))
    if kind == "execute_result":
        count = output.get("execution_count")
        clean.execution_count = count if type(count) is int else None
    return clean


def _shown(name: str, value: object, markup: Markup) -> str | None:
    """One form of an output; None for one that is not kept."""
    if name in _PICTURES:
        return value if _is_picture(name, value) else None
    text = plain_text(value)
    if name == "text/plain":
        return text
    if name == "text/html":
        html = markup.html(text)
        return UNCHECKED if html is None else html or None
    if name == "text/markdown":
        return markup.markdown(text)
    return latex(text) if name == "text/latex" else None


def _size(metadata: object, name: str) -> dict[str, int | float]:
    sizes = metadata.get(name) if isinstance(metadata, dict) else None
    sides = ("width", "height") if isinstance(sizes, dict) and name in _PICTURES else ()
    return {side: sizes[side] for side in sides if type(sizes.get(side)) in (int, float)}


def plain_text(value: object) -> str:
    """Text without control characters, but for those of colours and of progress bars."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    return _CONTROL.sub(lambda found: found[0] if _COLOUR.fullmatch(found[0]) else "", value)


def _is_picture(kind: str, value: object) -> bool:
    """Whether it is Base64 of a PNG or JPEG picture that a browser can hold."""
    if kind not in _PICTURES or not isinstance(value, str):
        return False
    try:
        data = base64.b64decode(value.replace("\n", ""), validate=True)
        with Image.open(io.BytesIO(data), formats=[_PICTURES[kind]]) as picture:
            return picture.width * picture.height <= MOST_PIXELS
    except (binascii.Error, ValueError, OSError, SyntaxError, Image.DecompressionBombError, RuntimeWarning):
        return False
