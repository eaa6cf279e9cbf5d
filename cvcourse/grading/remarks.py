"""Remarks on how the cells of a submission ended: what was left out, and which points the time has cost."""

from collections.abc import Iterator, Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_output

from cvcourse.grading.allowance import WHOLE
from cvcourse.grading.cells import cell_name, is_given, is_test
from cvcourse.grading.outcomes import Outcome, Verdict
from cvcourse.grading.reasons import why_stopped
from cvcourse.grading.runs import CellRun, Limits

STOPPED = {
    "died": Outcome.CRASHED,
    "timeout": Outcome.TIMED_OUT,
    "no time": Outcome.TIMED_OUT,
    "fault": Outcome.FAULT,
}
"""What the ends of a cell come to that the kernel sent no reply to."""
_MOST = 5  # cells that are named


def error_output(outcome: Outcome, reason: str) -> NotebookNode:
    """What stands under a cell in place of an error of its own."""
    name = str(outcome).capitalize()
    return new_output("error", ename=name, evalue=reason, traceback=[f"{name}: {reason}"])


def show_left_out(notebook: NotebookNode, runs: Mapping[int, CellRun], limits: Limits) -> None:
    """Say it under each cell that was left out, but for tests, whose verdicts say it."""
    for index, run in runs.items():
        cell = notebook.cells[index]
        shown = any(output.output_type == "error" for output in cell.get("outputs", []))
        if run.status in STOPPED and not is_test(cell) and not shown:
            cell.outputs.append(error_output(STOPPED[run.status], why_stopped(run, limits)))


def remarks(notebook: NotebookNode, runs: Mapping[int, CellRun], verdicts: list[Verdict], limits: Limits) -> list[str]:
    """What whoever grades should know; what is said of points follows from the verdicts, earlier ones included."""
    return [*_lost_to_time(verdicts), *_given(notebook, runs), *_left_out(notebook, runs, limits)]


def _lost_to_time(verdicts: list[Verdict]) -> Iterator[str]:
    lost = [one for one in verdicts if one.outcome == Outcome.TIMED_OUT and WHOLE in one.reason]
    if lost:
        points, tests = sum(one.max_points for one in lost), "1 test" if len(lost) == 1 else f"{len(lost)} tests"
        yield f"{points:g} points of {tests} were lost to {WHOLE}, first at {lost[0].grade_id}: {lost[0].reason}"


def _given(notebook: NotebookNode, runs: Mapping[int, CellRun]) -> Iterator[str]:
    """The instructor's own cells that did not end well: then the fault may not be the student's."""
    for index, run in runs.items():
        if is_given(notebook.cells[index]) and run.status not in ("ok", "not run", "no time"):
            what = f"{run.ename}: {run.evalue}".strip(": ") or run.status
            yield f"{cell_name(notebook, index)} did not end well: {what}"


def _left_out(notebook: NotebookNode, runs: Mapping[int, CellRun], limits: Limits) -> Iterator[str]:
    """The student's own cells and answers that ended the kernel or ran into a limit."""
    own = {n: run for n, run in runs.items() if not is_given(notebook.cells[n]) and not is_test(notebook.cells[n])}
    ended = [index for index, run in own.items() if run.status in ("died", "timeout")]
    late = [index for index, run in own.items() if run.status == "no time"]
    for index in ended[:_MOST]:
        yield f"{cell_name(notebook, index)} was left out: {why_stopped(own[index], limits)}"
    if len(ended) > _MOST:
        yield f"{len(ended) - _MOST} more cells were left out for such reasons"
    if late:
        first, number = cell_name(notebook, late[0]), f"{len(late)} cells were" if len(late) > 1 else "1 cell was"
        yield f"{number} not run, first {first}: {why_stopped(own[late[0]], limits)}"
