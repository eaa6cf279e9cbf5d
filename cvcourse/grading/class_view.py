"""What `roster`, `collect`, `release` and `extend` print for people."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, Progress
from rich.table import Table
from rich.text import Text

from cvcourse.console import table
from cvcourse.grading.collect import Collected
from cvcourse.grading.due import show_date
from cvcourse.grading.enrol import KINDS, Enrolment
from cvcourse.grading.extend import Extended
from cvcourse.grading.release import Released


@contextmanager
def collecting() -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr (stdout stays free for results) that is gone at the end; yields what `collect` calls."""
    console = Console(stderr=True)
    columns = ("reading", BarColumn(), MofNCompleteColumn(), "files")
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _some(names: list[str], limit: int = 8) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def _show(text: str | None) -> str:
    return show_date(datetime.fromisoformat(text) if text else None)


def roster_view(result: Enrolment) -> Group:
    """A few lines: how many, who is new, and above all who left."""
    lines = [
        f"{result.students} students on the roster in {result.folder}, from {KINDS[result.kind]} ({result.encoding}): "
        f"{len(result.new)} new, {len(result.updated)} changed."
    ]
    if result.removed:
        lines.append(f"No longer in the file and taken off, for there was no work of theirs: {_some(result.removed)}.")
    if result.kept:
        lines.append(f"No longer in the file, kept because of their work or grades: {_some(result.kept)}.")
    lines += [f"Skipped {line}." for line in result.skipped]
    return Group(*(Text(line) for line in lines))


def collect_view(result: Collected) -> Group:
    """One line of counts, what is to be known about submissions, and a table of what was set aside."""
    again = f", {result.known} known from before" if result.known else ""
    counts = f"{len(result.new)} new, {len(result.replaced)} replaced by a newer attempt, {len(result.late)} late"
    of = f"{len(result.taken)} of {len(result.taken) + len(result.missing)} students"
    head = f"{result.unit}: {result.found} files in {result.export}{again}. Submissions of {of}: {counts}."
    lines: list[Text | Table] = [Text(head)]
    if result.missing:
        lines.append(Text(f"Nothing yet from {len(result.missing)}: {_some(result.missing)}."))
    lines += [Text(f"{student}: {said}.") for student, said in result.several.items()]
    if result.broken:
        broken = table("Taken, but not readable as a notebook: graded with no points", "student", "reason")
        for student, reason in result.broken.items():
            broken.add_row(Text(student), Text(reason))
        lines.append(broken)
    if result.aside:
        aside = table("Set aside", "file", "student", "reason")
        for entry in result.aside:
            aside.add_row(Text(entry.file), Text(entry.student or "unknown"), Text(entry.reason))
        lines.append(aside)
    return Group(*lines)


def release_view(result: Released) -> Group:
    """Where the files are and what to do with them."""
    lines = [
        f"{result.unit} is due: {_show(result.due)}",
        f"notebook  {result.notebook}",
        f"bundle    {result.bundle}",
        "Put the bundle on your learning platform; students unpack it and read START.txt.",
    ]
    if result.changed_since:
        lines.append(f"Another version was released on {_show(result.changed_since)}: tell students who began with it.")
    return Group(*(Text(line) for line in lines))


def extend_view(result: Extended) -> Text:
    """One line."""
    who = f"{result.name} ({result.student})"
    if result.until is None:
        return Text(f"{who} has no extension for {result.unit}; due {_show(result.due)}.")
    others = f"the others until {_show(result.due)}" if result.due else "for the others there is no due date"
    return Text(f"{who} may hand in {result.unit} until {_show(result.until)}, {others}.")
