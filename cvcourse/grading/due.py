"""Due dates and personal extensions: who had to hand in when.

The unit's due date is nbgrader's, in the gradebook (in UTC there). A personal extension is kept in `extensions.json`
in the class folder, and as nbgrader's own extension of a submission as soon as the gradebook holds one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cvcourse.errors import ClassError
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.store import read_json, write_json
from cvcourse.paths import CoursePaths

EXTENSIONS = "extensions.json"


@dataclass
class DueDates:
    """The due date of one unit, and the personal ones; all with a time zone."""

    unit: str
    due: datetime | None = None
    extended: dict[str, datetime] = field(default_factory=dict)

    def of(self, student_id: str) -> datetime | None:
        """When this student's work is due; None where the unit has no due date."""
        return self.extended.get(student_id, self.due)


def parse_date(text: str) -> datetime:
    """A date with a time zone from ISO 8601 text; without an offset this machine's time zone is meant.

    A date alone means the end of that day, 23:59.

    Raises:
        ClassError: the text is no date.
    """
    try:
        date = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ClassError(f"{text!r} is no date: write it as 2026-12-01T23:59 or 2026-12-01T23:59+01:00") from None
    if len(text.strip()) <= len("2026-12-01"):
        date = date.replace(hour=23, minute=59)
    return date if date.tzinfo else date.astimezone()


def show_date(date: datetime | None) -> str:
    """The date as a table shows it, in this machine's time zone."""
    return date.astimezone().strftime("%Y-%m-%d %H:%M %z") if date else "none"


def read_extensions(class_dir: Path, unit: str) -> dict[str, datetime]:
    """The personal due dates of a unit by student id."""
    kept = read_json(class_dir / EXTENSIONS, {})
    return {student: datetime.fromisoformat(date) for student, date in kept.get(unit, {}).items()}


def write_extension(class_dir: Path, unit: str, student_id: str, until: datetime | None) -> None:
    """Keep a personal due date; None removes it."""
    kept = read_json(class_dir / EXTENSIONS, {})
    if until is None:
        kept.get(unit, {}).pop(student_id, None)
    else:
        kept.setdefault(unit, {})[student_id] = until.isoformat()
    write_json(class_dir / EXTENSIONS, kept)


def due_dates(paths: CoursePaths, unit: str, gradebook=None) -> DueDates:
    """The due dates of a unit, from an open gradebook or from the class's own."""
    if gradebook is None:
        with open_gradebook(paths) as opened:
            return due_dates(paths, unit, opened)
    from nbgrader.api import MissingEntry

    try:
        due = gradebook.find_assignment(unit).duedate
    except MissingEntry:
        due = None
    return DueDates(unit, due.replace(tzinfo=UTC) if due else None, read_extensions(paths.class_dir, unit))


def due_for(paths: CoursePaths, unit: str, student_id: str) -> datetime | None:
    """When one student's work is due, extension included; None where the unit has no due date."""
    return due_dates(paths, unit).of(student_id)


def set_due(gradebook, unit: str, due: datetime) -> None:
    """Put a unit's due date into the open gradebook, which keeps it in UTC without a zone."""
    gradebook.update_or_create_assignment(unit, duedate=due.astimezone(UTC).replace(tzinfo=None))


def sync_extensions(gradebook, dates: DueDates) -> None:
    """Give nbgrader the personal due dates as its own extensions, for the submissions that it knows.

    The grader calls this after it made the submissions, so that nbgrader's late plugin and formgrader see them.
    """
    set_extensions(gradebook.assignment_submissions(dates.unit), dates)
    gradebook.db.commit()


def set_extensions(submissions: Iterable, dates: DueDates) -> None:
    """Set the extension of nbgrader's submissions of one unit, without a commit; nothing where it has no due date."""
    for submission in submissions if dates.due else []:
        until = dates.extended.get(submission.student_id)
        extra = max(until - dates.due, timedelta(0)) if until else None
        if submission.extension != extra:
            submission.extension = extra
