"""The feedback page of one student: nbgrader's own, made safe to open and without the text of hidden tests."""

import html
import re
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor

from cvcourse.grading.bridge import course_directory, nbgrader_config, nbgrader_log
from cvcourse.grading.cells import grade_id, has_hidden_tests, is_answer, is_graded, visible_part
from cvcourse.grading.hidden_text import HiddenText
from cvcourse.grading.measured_html import MeasuredHTML
from cvcourse.grading.outcomes import Graded, Outcome, load_outcome
from cvcourse.grading.page_process import PageError, make_page
from cvcourse.grading.sanitise import sanitise
from cvcourse.grading.store import write_bytes
from cvcourse.paths import CoursePaths

HIDDEN_NOTE = "# This test is not shown."
PAGE = "cvcourse.grading.feedback:FeedbackPage"
_ENTRY = re.compile(r'(<li><a href="#([^"]*)">)[^<]*</a>')
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_REMOTE_SCRIPT = re.compile(
    r'<script[^>]*\bsrc="[^"]*"[^>]*>\s*</script>|<script type="text/x-mathjax-config">.*?</script>', re.S
)
_MARKS = {Outcome.PASSED: "#009E73", Outcome.FAILED: "#D55E00", Outcome.NOT_ATTEMPTED: "#666666"}


class FeedbackPage(MeasuredHTML):
    """nbgrader's page as one file that loads nothing from anywhere; its index says how each test ended."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.exclude_anchor_links = True

    def from_notebook_node(self, nb, resources=None, **kwargs):
        page, resources = super().from_notebook_node(nb, resources, **kwargs)
        index, notebook, rest = _REMOTE_SCRIPT.sub("", page).partition('<div class="panel-body">')
        ended = resources.get("ended", {})
        return _ENTRY.sub(lambda found: _entry(found, ended), index) + notebook + rest, resources


class FeedbackExporter(FeedbackPage):
    """The same made in a process of its own; where that takes too long or fails, a page with the outcomes only."""

    problem = ""

    def from_filename(self, filename, resources=None, **kwargs):
        names, class_dir = resources["nbgrader"], Path(self.parent.coursedir.submitted_directory).parent
        resources = {**resources, "class_dir": str(class_dir)}
        steps = tuple(
            one if isinstance(one, str) else f"{one.__module__}.{one.__name__}" for one in self.parent.preprocessors
        )
        try:
            page = make_page(PAGE, self.config, filename, resources, preprocessors=steps)
        except PageError as error:
            self.problem = f"the page of the notebook could not be made: {error}"
            self.log.error("%s: %s", names["student"], self.problem)
            graded = load_outcome(class_dir, names["assignment"], names["student"])
            page = _plain_page(names["assignment"], graded, self.problem)
        return page, {**resources, "output_extension": self.file_extension}


def _entry(found: re.Match, ended: dict[str, str]) -> str:
    """A line of the index with the exercise and the outcome in place of "Test cell", which nbgrader calls them all."""
    name = unescape(found[2])
    return f"{found[1]}{html.escape(ended[name])}</a>" if name in ended else found[0]


class FeedbackView(NbGraderPreprocessor):
    """Leaves what a student needs: outcomes, answers, what the tests said; no hidden test, no script, no long prose."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        names = resources["nbgrader"]
        hidden = HiddenText(nb.cells)
        sanitise(nb)
        for cell in nb.cells:
            if cell.cell_type == "code":
                _prepare_code(cell, hidden)
        nb.cells = [cell for cell in map(_shortened, nb.cells) if cell is not None]
        graded = load_outcome(Path(resources["class_dir"]), names["assignment"], names["student"])
        if graded is not None:
            resources["ended"] = {one.grade_id: f"{one.exercise}: {one.outcome}" for one in graded.verdicts}
            verdicts = [replace(one, reason=hidden.censored(one.reason)) for one in graded.verdicts]
            notes = [hidden.censored(note) for note in graded.notes]
            nb.cells.insert(0, new_markdown_cell(outcome_table(replace(graded, verdicts=verdicts, notes=notes))))
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


def _prepare_code(cell: NotebookNode, hidden: HiddenText) -> None:
    """Take hidden tests out of a cell, out of its outputs and its tracebacks, and the frames of files as well."""
    locked = bool(grade_id(cell)) and not is_answer(cell)
    withheld = locked and has_hidden_tests(cell.source)
    if withheld:
        cell.source = f"{visible_part(cell.source)}\n{HIDDEN_NOTE}".strip()
        # What an answer prints could be the hidden inputs, which stay the same for a second attempt.
        cell.outputs = [output for output in cell.outputs if output.output_type == "error"]
    for output in cell.outputs:
        if output.output_type == "error":
            output.evalue = hidden.censored(output.evalue)
            last = f"{output.ename}: {output.evalue}".strip(": ")
            frames = [entry for entry in output.traceback if not _is_of_a_file(entry)]
            frames = [hidden.censored(entry) for entry in frames if not (locked and hidden.is_frame(entry))]
            output.traceback = [last] if withheld else frames or [last]
        elif output.output_type == "stream":
            output.text = hidden.censored(output.text)
        else:
            if "text/plain" in output.data:
                output.data.pop("text/latex", None)  # the page shows no formulas
            output.data = {kind: _censored_data(kind, value, hidden) for kind, value in output.data.items()}


def _is_of_a_file(entry: str) -> bool:
    """Whether an entry of a traceback is a frame of a library, or of the grader's own files."""
    return _ANSI.sub("", entry).lstrip().startswith("File ")


def _censored_data(kind: str, value: str, hidden: HiddenText) -> str:
    if kind == "text/html":
        return hidden.censored_html(value)
    return hidden.censored(value) if kind.startswith("text/") else value


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


@dataclass(frozen=True)
class Feedback:
    """Where one student's page lies, and why it does not show the notebook; empty where it does."""

    page: Path
    problem: str = ""


def feedback_page(paths: CoursePaths, unit: str, student: str) -> Feedback:
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
            return Feedback(page)
    return Feedback(page, converter.exporter.problem)


def _plain_page(unit: str, graded: Graded | None, problem: str = "") -> str:
    body = outcome_table(graded) if graded else "<p>This submission could not be graded.</p>"
    said = f"<p>{html.escape(problem)}</p>" if problem else ""
    head = f'<head><meta charset="utf-8"><title>{unit}</title></head>'
    return f'<!DOCTYPE html><html lang="en">{head}<body>{said}{body}</body></html>'
