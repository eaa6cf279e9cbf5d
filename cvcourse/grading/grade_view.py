"""What `check`, `grade` and `report` print for people."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

from rich.console import Console, Group
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from cvcourse.console import table
from cvcourse.grading.outcomes import Outcome

LINES_OF_A_FAILURE = 6
_COLOURS = {
    Outcome.PASSED: "green",
    Outcome.NOT_ATTEMPTED: "bright_black",
    Outcome.HIDDEN: "bright_black",
    Outcome.BY_HAND: "cyan",
    Outcome.FAULT: "magenta",
}
_STATUS = {"graded": "green", "unchanged": "bright_black", "no submission": "yellow"}


def _number(points: float | None) -> str:
    return "" if points is None else f"{points:g}"


def _outcome(outcome: str) -> Text:
    return Text(str(outcome), style=_COLOURS.get(outcome, "red"))


Advance = Callable[[str], None]
Start = Callable[[list[str]], Advance]


class _Rate(ProgressColumn):
    """How many a minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{60 * speed:.0f}/min")


@contextlib.contextmanager
def bar(stopping: str = "") -> Iterator[Callable[[str], Start]]:
    """Progress bars on stderr. Call it with a title; call that with the names to come; call that after each of them.

    Args:
        stopping: what Ctrl-C says at once, where ending takes a while.
    """
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate()
    times = TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()
    with contextlib.ExitStack() as shown:
        console = Console(stderr=True)
        progress = Progress(*columns, *times, console=console, transient=True, disable=not console.is_interactive)

        def titled(title: str) -> Start:
            def start(names: list[str]) -> Advance:
                if not progress.live.is_started:  # not before: an error that comes first stands alone
                    shown.enter_context(progress)
                task = progress.add_task(title, total=len(names))
                return lambda name: progress.update(task, advance=1, description=f"{title}: {escape(name)}")

            return start

        if stopping:
            shown.enter_context(_on_interrupt(lambda: progress.console.print(stopping)))
        yield titled


@contextlib.contextmanager
def _on_interrupt(say: Callable[[], None]) -> Iterator[None]:
    """Call `say` at the first Ctrl-C, before it does what it always does."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupted(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        say()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def check_view(result) -> Group:
    """A table of the tests, what is wrong with the cells, and the sum."""
    view = table(f"{result.notebook}", "exercise", "test", "points", "outcome", "what the test says")
    before = None
    for one in result.verdicts:
        said = "" if one.outcome == Outcome.HIDDEN else "\n".join(one.reason.splitlines()[:LINES_OF_A_FAILURE])
        points = f"{_number(one.points)}/{one.max_points:g}" if one.points is not None else f"-/{one.max_points:g}"
        exercise = one.exercise if one.exercise != before else ""
        view.add_row(Text(exercise), Text(one.grade_id), points, _outcome(one.outcome), Text(said))
        before = one.exercise
    lines: list = [view]
    lines += [Text(f"Mend this: {problem}.", style="red") for problem in result.problems]
    lines += [Text(f"Note: {note}.") for note in result.notes]
    later = (
        f"; {result.hidden_points:g} more depend on hidden tests, which run in grading" if result.hidden_points else ""
    )
    lines.append(Text(f"{result.points:g} of {result.max_points:g} points{later}.", style="bold"))
    return Group(*lines)


def grade_view(result) -> Group:
    """A table of the class after a run, and what was set aside when it was collected."""
    view = table(f"{result.unit}: {result.max_points:g} points", "student", "name", "status", "points", "remarks")
    for row in result.rows:
        penalty = [f"late: {row.penalty:g} points taken off"] if row.penalty else []
        changed = [f"{row.before:g} points before this run"] if row.before is not None else []
        remarks = "; ".join([row.reason] * bool(row.reason) + changed + penalty + row.notes)
        status = Text(row.status, style=_STATUS.get(row.status, "red"))
        view.add_row(Text(row.student), Text(row.name), status, _number(row.points), Text(remarks))
    notes = [Text(f"Note: {note}.") for note in result.notes]
    changed = [row for row in result.rows if row.before is not None]
    if changed:
        whose = f"{len(changed)} student{'s' * (len(changed) > 1)}"
        notes.append(Text(f"Points of {whose} changed: {', '.join(map(_change, changed))}."))
    if all(row.status == "no submission" for row in result.rows) and not result.aside:
        view = Text(_nothing(result))
    return Group(view, *aside_view(result.aside), *notes)


def _nothing(result) -> str:
    who = ", ".join(row.student for row in result.rows) if len(result.rows) < 4 else f"{len(result.rows)} students"
    return f"{result.unit}: nothing handed in by {who}; take in an export with `cvcourse collect ZIP {result.unit}`."


def _change(row) -> str:
    return f"{row.student} {row.before:g} → {row.points:g}"


def aside_view(aside: list[dict[str, str]]) -> list[Table]:
    """The files that nobody was graded for, if there are any."""
    if not aside:
        return []
    view = table("Set aside when collected: not graded", "file", "student", "reason")
    for one in aside:
        view.add_row(Text(one["file"]), Text(one["student"]), Text(one["reason"]))
    return [view]


def report_view(result) -> Group:
    """How the class did per exercise, who has no grade, and where everything lies."""
    view = table(f"{result.unit}: how the class did", "exercise", "points", "mean", "share", "how its tests ended")
    for one in result.exercises:
        ended = ", ".join(f"{count} {name}" for name, count in sorted(one.outcomes.items(), key=lambda kv: -kv[1]))
        share = f"{100 * one.mean / one.max_points:.0f} %" if one.max_points else ""
        view.add_row(Text(one.name), f"{one.max_points:g}", f"{one.mean:.1f}", share, Text(ended))
    lines: list = [view]
    odd = [one for one in result.students if one.status != "graded"]
    if odd:
        people = table("Students to look at", "student", "name", "status", "reason")
        for one in odd:
            people.add_row(Text(one.student), Text(one.name), Text(one.status), Text(one.reason))
        lines.append(people)
    lines += aside_view(result.aside)
    lines += [Text(f"Note: {note}.") for note in result.notes]
    names = {
        "platform": "to upload",
        "class": "class table",
        "plot": "plot",
        "feedback": "feedback zip",
        "pages": "pages",
    }
    lines += [Text(f"{names[key]:13}{path}", no_wrap=True, overflow="ignore") for key, path in result.files.items()]
    return Group(*lines)
