"""What `nbgrader_config.py` puts into nbgrader's own steps: grading that a bad cell cannot mislead, and late penalties.

`nbgrader autograde` and formgrader's button run nbgrader's Autograde with these; `cvcourse grade` takes the same steps
in `cvcourse.grading.ledger`.
"""

import hashlib
import math
from pathlib import Path

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_notebook, new_output
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float

from cvcourse.grading.cells import grade_id, is_test
from cvcourse.grading.marking import Marked

RAW = "cvcourse_submission"


def _digest(cell: NotebookNode) -> str:
    return hashlib.sha256(cell.source.encode()).hexdigest()


class SubmissionExporter(NotebookExporter):
    """Reads a submission as bytes, so that a file that is no notebook is graded with no points, not passed over."""

    def from_filename(self, filename, resources=None, **kwargs):
        if not getattr(self.parent, "_sanitizing", False):
            return super().from_filename(filename, resources, **kwargs)
        resources = resources or {}
        resources[RAW] = Path(filename).read_bytes()
        return self.from_notebook_node(new_notebook(), resources, **kwargs)


class Mark(NbGraderPreprocessor):
    """Replaces the submission by the restored, executed notebook, each test cell with evidence of how it ended."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        from cvcourse.grading import nbgrader_marking  # which needs the sandbox; the ledger needs the rest of this

        names, converter = resources["nbgrader"], self.parent.parent
        student, data = names["student"], resources[RAW]
        marked = nbgrader_marking.mark_for_nbgrader(converter, names["assignment"], student, data)
        return with_evidence(marked), resources


def with_evidence(marked: Marked) -> NotebookNode:
    """The executed notebook; each test cell says in its metadata which text ran and how that ended."""
    outcomes = {verdict.grade_id: verdict.outcome for verdict in marked.verdicts}
    for cell in marked.notebook.cells:
        if is_test(cell):
            cell.metadata["cvcourse"] = {"outcome": str(outcomes[grade_id(cell)]), "text": _digest(cell)}
    return marked.notebook


class RequireEvidence(NbGraderPreprocessor):
    """Gives no points to a test cell whose text did not run: nbgrader gives full points to a cell without outputs."""

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple[NotebookNode, dict]:
        if is_test(cell) and cell.metadata.get("cvcourse", {}).get("text") != _digest(cell):
            reason = "this test cell did not run: grade the unit again with `cvcourse grade`"
            cell.outputs = [new_output("error", ename="NotRun", evalue=reason, traceback=[f"NotRun: {reason}"])]
        return cell, resources


class PerDayPenalty(LateSubmissionPlugin):
    """Takes a share of the reached points for every day, or part of one, that a submission is late."""

    percent = Float(10.0, help="Percent of the reached points for each day begun.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        days = math.ceil(total_seconds_late / 86400)
        return min(score, score * self.percent / 100 * days)
