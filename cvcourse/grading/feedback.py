"""The feedback page of one student: nbgrader's own, made safe to open and without the text of hidden tests."""

import base64
import binascii
import html
import re
from dataclasses import replace
from pathlib import Path

from bleach import ALLOWED_TAGS
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor

from cvcourse.grading.bridge import course_directory, nbgrader_config, nbgrader_log
from cvcourse.grading.cells import (
    HIDDEN_BEGIN,
    HIDDEN_END,
    grade_id,
    hidden_lines,
    is_answer,
    is_graded,
    is_test,
    visible_part,
)
from cvcourse.grading.outcomes import Graded, Outcome, load_outcome
from cvcourse.grading.store import write_bytes
from cvcourse.paths import CoursePaths

HIDDEN_NOTE = "# This test is not shown."
LEFT_OUT = "[a line that quotes a hidden test is left out]"
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FRAME = re.compile(r"^(?:Cell |Input )?In\s?\[(\d+)\]")
_REMOTE_SCRIPT = re.compile(
    r'<script[^>]*\bsrc="[^"]*"[^>]*>\s*</script>|<script type="text/x-mathjax-config">.*?</script>', re.S
)
_SHORT = 12  # a shorter line, such as `)` or `else:`, gives nothing away
_BLOCKS = ("br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre", "span")
_TAGS = sorted({*ALLOWED_TAGS, *_BLOCKS, "table", "tbody", "td", "th", "thead", "tr"})
_MARKS = {Outcome.PASSED: "#009E73", Outcome.FAILED: "#D55E00", Outcome.NOT_ATTEMPTED: "#666666"}


class FeedbackExporter(HTMLExporter):
    """nbgrader's page as one file that loads nothing from anywhere."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.exclude_anchor_links = True

    def from_notebook_node(self, nb, resources=None, **kwargs):
        page, resources = super().from_notebook_node(nb, resources, **kwargs)
        return _REMOTE_SCRIPT.sub("", page), resources


class FeedbackView(NbGraderPreprocessor):
    """Leaves what a student needs: outcomes, answers, what the tests said; no hidden test, no script, no long prose."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        names = resources["nbgrader"]
        secret = {line for cell in nb.cells for line in hidden_lines(cell.source) if len(line) >= _SHORT}
        secret |= {HIDDEN_BEGIN, HIDDEN_END} if secret else set()
        for cell in nb.cells:
            if cell.cell_type == "code":
                _prepare_code(cell, secret)
        nb.cells = [cell for cell in map(_shortened, nb.cells) if cell is not None]
        nb, resources = SanitizeHTML(tags=_TAGS).preprocess(nb, resources)
        class_dir = Path(self.parent.parent.coursedir.submitted_directory).parent
        graded = load_outcome(class_dir, names["assignment"], names["student"])
        if graded is not None:
            verdicts = [replace(one, reason=_censored(one.reason, secret)) for one in graded.verdicts]
            nb.cells.insert(0, new_markdown_cell(outcome_table(replace(graded, verdicts=verdicts))))
        return nb, resources


def _shortened(cell: NotebookNode) -> NotebookNode | None:
    """The course's own cells cut short: prose to its heading (formulas would need a script), given code left out."""
    given = grade_id(cell) and not is_answer(cell) and not is_graded(cell)
    if given and not any(output.output_type == "error" for output in cell.get("outputs", [])):
        return None
    if cell.cell_type != "markdown" or cell.metadata.get("cvcourse", {}).get("origin") != "course":
        return cell
    heading = re.search(r"^#{1,4} .+$", cell.source, re.M)
    if heading is None:
        return None
    cell.source = heading[0]
    return cell


def _prepare_code(cell: NotebookNode, secret: set[str]) -> None:
    hidden = is_test(cell) and bool(hidden_lines(cell.source))
    cell.outputs = [shown for output in cell.outputs if (shown := _shown(output, secret)) is not None]
    if hidden:
        cell.source = f"{visible_part(cell.source)}\n{HIDDEN_NOTE}".strip()
    for output in cell.outputs:
        if output.output_type == "error":
            output.traceback = [one for one in output.traceback if _frame_is_for_students(one, hidden, cell)]


def _frame_is_for_students(entry: str, hidden: bool, cell: NotebookNode) -> bool:
    """Whether an entry of a traceback may be shown: none of a library's files, none of a hidden test's own lines."""
    text = _ANSI.sub("", entry)
    if text.startswith("File "):
        return False
    found = _FRAME.match(text)
    return found is None or not hidden or (cell.execution_count is not None and int(found[1]) != cell.execution_count)


def _shown(output: NotebookNode, secret: set[str]) -> NotebookNode | None:
    """An output that is text, or a picture that is one; lines that quote a hidden test are replaced."""
    if output.output_type == "stream":
        output.text = _censored(output.text, secret)
    elif output.output_type == "error":
        output.evalue = _censored(output.evalue, secret)
        output.traceback = [_censored(entry, secret) for entry in output.traceback]
    else:
        output.data = {kind: value for kind, value in output.data.items() if _harmless(kind, value)}
        for kind in ("text/plain", "text/html"):
            if kind in output.data:
                output.data[kind] = _censored(output.data[kind], secret)
        return output if output.data else None
    return output


def _harmless(kind: str, value: object) -> bool:
    if kind in ("text/plain", "text/html"):
        return isinstance(value, str)
    if kind not in ("image/png", "image/jpeg") or not isinstance(value, str):
        return False
    try:
        return bool(base64.b64decode(value.replace("\n", ""), validate=True))
    except (binascii.Error, ValueError):
        return False


def _censored(text: str, secret: set[str]) -> str:
    if not any(line in _ANSI.sub("", text) for line in secret):
        return text
    lines = [LEFT_OUT if any(one in _ANSI.sub("", line) for one in secret) else line for line in text.split("\n")]
    return "\n".join(lines)


def _points(points: float | None) -> str:
    return "–" if points is None else f"{points:g}"


_CELL = "padding: 2px 14px 2px 0; vertical-align: top"


def _row(*cells: str, tag: str = "td", colour: str = "inherit") -> str:
    styles = _CELL, f"{_CELL}; color: {colour}", f"{_CELL}; white-space: nowrap", f"{_CELL}; white-space: pre-wrap"
    return "".join(["<tr>", *(f'<{tag} style="{s}">{c}</{tag}>' for s, c in zip(styles, cells, strict=True)), "</tr>"])


def _safe(text: str) -> str:
    """Text for a table cell; a blank line would end the block of HTML in Markdown."""
    return html.escape("\n".join(line for line in text.splitlines() if line.strip())).replace("\n", "<br>")


def outcome_table(graded: Graded) -> str:
    """What each test gave and why, as an HTML table."""
    rows, before = [], ""
    for one in graded.verdicts:
        if one.exercise != before:
            rows.append(f'<tr><th colspan="4" style="padding-top: 8px">{_safe(one.exercise)}</th></tr>')
        points, before = f"{_points(one.points)} of {one.max_points:g}", one.exercise
        colour = _MARKS.get(one.outcome, "#D55E00")
        rows.append(_row(_safe(one.grade_id), str(one.outcome), points, _safe(one.reason), colour=colour))
    notes = [f"<p>{_safe(text)}</p>" for text in ([graded.broken] if graded.broken else []) + graded.notes]
    head = _row("test", "outcome", "points", "why", tag="th")
    return "".join([*notes, "<table><thead>", head, "</thead><tbody>", *rows, "</tbody></table>"])


def feedback_page(paths: CoursePaths, unit: str, student: str) -> Path:
    """Make one student's page in nbgrader's place, by nbgrader's own step; where that fails, a page with the reason."""
    config = nbgrader_config(paths)
    converter = GenerateFeedback(coursedir=course_directory(config, unit, student), config=config)
    converter.coursedir.notebook_id = unit
    converter.force = True
    page = paths.class_dir / "feedback" / student / unit / f"{unit}.html"
    with nbgrader_log():
        try:
            converter.start()
        except NbGraderException:
            graded = load_outcome(paths.class_dir, unit, student)
            write_bytes(page, _plain_page(unit, graded).encode("utf-8"))
    return page


def _plain_page(unit: str, graded: Graded | None) -> str:
    body = outcome_table(graded) if graded else "<p>This submission could not be graded.</p>"
    head = f'<head><meta charset="utf-8"><title>{unit}</title></head>'
    return f'<!DOCTYPE html><html lang="en">{head}<body>{body}</body></html>'
