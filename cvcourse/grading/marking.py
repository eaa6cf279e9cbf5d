"""The unit of work of grading: (instructor's notebook, submission, seed, limits) -> (executed notebook, verdicts).

`mark` reads no file, knows no class and writes nothing, so it can run anywhere and as often as needed.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_output

from cvcourse.grading.cells import TestCell, grade_id, is_given, is_test, nbgrader_metadata, test_cells
from cvcourse.grading.outcomes import Graded, Outcome, Verdict
from cvcourse.grading.reasons import clean, why_stopped
from cvcourse.grading.remarks import STOPPED, error_output, remarks, show_left_out
from cvcourse.grading.runs import CellRun, Execute, Limits
from cvcourse.grading.sanitise import sanitise
from cvcourse.grading.submission import BrokenNotebook, Restored, blank, read_submission, restore

# The reference was called, a value may not cross to the test, or a test would have had to take an answer's word for it.
_REFUSED = ("RefusedError", "WireError", "CannotCrossError", "VerdictError", "LengthError")


@dataclass
class Marked:
    """What `mark` gives.

    Attributes:
        notebook: the executed notebook; nbgrader's scoring rule gives its test cells exactly the verdicts' points.
        verdicts: one per graded cell, in the assignment's order.
        notes: what had to be repaired.
        broken: why the file is no notebook of this assignment, or empty.
        seconds: how long the cells ran.
    """

    notebook: NotebookNode
    verdicts: list[Verdict]
    notes: list[str] = field(default_factory=list)
    broken: str = ""
    seconds: float = 0.0


def mark(
    source: NotebookNode,
    submission: bytes,
    seed: str,
    limits: Limits,
    *,
    stubs: Mapping[str, str],
    run: Execute,
    earlier: Mapping[str, Verdict] | None = None,
) -> Marked:
    """Grade one submission.

    Args:
        source: the instructor's notebook, hidden tests included.
        submission: the bytes of the file that was handed in, whatever they are.
        seed: the class's secret seed for this assignment; hidden tests draw their inputs from it.
        limits: time and output.
        stubs: the text of the answer cells as released, by grade_id.
        run: what executes the notebook.
        earlier: verdicts, by grade_id, that still hold: their tests are not run again.
    """
    earlier = earlier or {}
    tests = test_cells(source)
    try:
        handed, notes = read_submission(submission)
        restored = restore(source, handed, dict(stubs))
    except BrokenNotebook as error:
        return unusable(source, str(error))
    notebook = restored.notebook
    skip = frozenset(place for place, cell in enumerate(notebook.cells) if is_test(cell) and grade_id(cell) in earlier)
    runs = run(notebook, seed, limits, skip)
    verdicts = [earlier.get(one.grade_id, one) for one in judge(notebook, runs, tests, restored, limits)]
    write_verdicts(notebook, verdicts)
    seconds = sum(one.seconds for one in runs.values())
    show_left_out(notebook, runs, limits)
    notes = [clean(note) for note in notes + restored.notes + remarks(notebook, runs, verdicts, limits)]
    return Marked(sanitise(notebook), verdicts, notes, seconds=seconds)


def unusable(source: NotebookNode, reason: str) -> Marked:
    """What a file comes to that is no notebook of the assignment: no points, and the reason at each test."""
    reason = clean(reason)
    verdicts = [
        Verdict(test.grade_id, test.exercise, Outcome.BROKEN, 0.0, test.points, reason, test.hidden)
        for test in test_cells(source)
    ]
    notebook = blank(source)
    write_verdicts(notebook, verdicts)
    return Marked(notebook, verdicts, broken=reason)


def judge(
    notebook: NotebookNode, runs: Mapping[int, CellRun], tests: list[TestCell], restored: Restored, limits: Limits
) -> list[Verdict]:
    """The verdict of each graded cell from the kernel's replies; a cell without a reply never passes."""
    places = {grade_id(cell): index for index, cell in enumerate(notebook.cells) if grade_id(cell)}
    by_id = {name: runs.get(place, CellRun("not run")) for name, place in places.items()}
    stopped = next((n for n, p in places.items() if is_given(notebook.cells[p]) and by_id[n].status == "fault"), None)
    verdicts = []
    for test in tests:
        if test.by_hand:
            outcome, reason, points = Outcome.BY_HAND, "", None
        else:
            outcome, reason = _outcome(test, by_id, restored, limits)
            if stopped and outcome != Outcome.PASSED:
                outcome, reason = Outcome.FAULT, f"the given cell {stopped} did not come to its end: grade it again"
            points = test.points if outcome == Outcome.PASSED else 0.0
        verdicts.append(Verdict(test.grade_id, test.exercise, outcome, points, test.points, reason, test.hidden))
    return verdicts


def _outcome(test: TestCell, by_id: Mapping[str, CellRun], restored: Restored, limits: Limits) -> tuple[Outcome, str]:
    run = by_id.get(test.grade_id, CellRun("not run"))
    if run.status == "ok":
        return Outcome.PASSED, ""
    if run.status == "not run":
        return Outcome.FAULT, "the test cell was not run"
    if run.status in STOPPED:
        return STOPPED[run.status], why_stopped(run, limits)
    if run.ename in _REFUSED:
        return Outcome.REFUSED, clean(run.evalue or run.ename)
    if run.ename == "PeerGoneError":
        return Outcome.CRASHED, clean(run.evalue)
    missing = [name for name in test.answers if name in restored.missing]
    if missing and run.ename == "NameError":
        return Outcome.BROKEN, f"the answer cell {missing[0]} is missing from the notebook"
    if run.ename == "NotImplementedError" or (test.answers and set(test.answers) <= restored.unchanged):
        return Outcome.NOT_ATTEMPTED, "the exercise was left as it was handed out"
    for name in test.answers:
        answer = by_id.get(name, CellRun("not run"))
        if answer.status in STOPPED:
            return STOPPED[answer.status], f"the answer cell {name}: {why_stopped(answer, limits)}"
        if answer.status == "error" and run.ename == "NameError":
            return Outcome.FAILED, clean(f"the answer cell {name} ended with {answer.ename}: {answer.evalue}")
    return Outcome.FAILED, clean(f"{run.ename}: {run.evalue}" if run.evalue else run.ename)


def write_verdicts(notebook: NotebookNode, verdicts: list[Verdict]) -> None:
    """Rewrite the outputs of the test cells so that nbgrader's scoring rule comes to the verdicts' points.

    That rule gives no points for any line on stderr, takes an `execute_result` for partial credit, and full points for
    a cell without outputs.
    """
    by_id = {verdict.grade_id: verdict for verdict in verdicts}
    for cell in notebook.cells:
        if is_test(cell) and grade_id(cell) in by_id:
            verdict = by_id[grade_id(cell)]
            passed = verdict.outcome == Outcome.PASSED
            cell.outputs = [_harmless(output, passed) for output in cell.outputs]
            if not passed and not any(output.output_type == "error" for output in cell.outputs):
                cell.outputs.append(error_output(verdict.outcome, verdict.reason))


def _harmless(output: NotebookNode, passed: bool) -> NotebookNode:
    output = copy.deepcopy(output)
    if output.output_type == "stream":
        output.name = "stdout"
    elif output.output_type == "execute_result":
        output = new_output("display_data", data=output.data, metadata=output.metadata)
    elif output.output_type == "error" and passed:  # shown by the student's code, not raised by the cell
        output = new_output("stream", name="stdout", text="\n".join(output.get("traceback", [])) + "\n")
    return output


def stubs_of(released: NotebookNode) -> dict[str, str]:
    """The text of each answer cell of a released notebook, by grade_id."""
    return {grade_id(cell): cell.source for cell in released.cells if nbgrader_metadata(cell).get("solution")}


def as_graded(student: str, keys: dict[str, str], marked: Marked, sandbox: bool) -> Graded:
    """What is recorded of a marked submission; a test that ended in a grader's fault has no key, so it is run again."""
    faults = {one.grade_id for one in marked.verdicts if one.outcome == Outcome.FAULT}
    kept = {name: key for name, key in keys.items() if name not in faults}
    return Graded(student, kept, marked.verdicts, marked.broken, marked.notes, round(marked.seconds, 2), sandbox)
