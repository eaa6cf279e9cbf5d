"""`cvcourse extend`: a personal due date."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from cvcourse.errors import ClassError
from cvcourse.grading.due import DueDates, due_dates, sync_extensions, write_extension
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.owner import People
from cvcourse.grading.roster import Roster, Student, load_roster
from cvcourse.paths import CoursePaths


@dataclass
class Extended:
    """What a call of `cvcourse extend` did; dates in ISO 8601, None for no date."""

    unit: str
    student: str
    name: str
    due: str | None
    until: str | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def extend(
    paths: CoursePaths, student: str, unit: str, *, until: datetime | None = None, days: float | None = None
) -> Extended:
    """Give one student more time for one unit, until a date or for some days after the unit's due date.

    With neither, an extension is taken back. An extension replaces an earlier one.

    Raises:
        ClassError: the student is not on the roster, or the date does not come after the unit's due date.
    """
    person = find_student(load_roster(paths.class_dir), student)
    with open_gradebook(paths) as gradebook:
        dates = due_dates(paths, unit, gradebook)
        if days is not None:
            until = _days_later(dates, days)
        if until is not None and dates.due is not None and until <= dates.due:
            raise ClassError(f"{until.isoformat()} is not after the due date of {unit}, {dates.due.isoformat()}")
        write_extension(paths.class_dir, unit, person.id, until)
        if until is None:
            dates.extended.pop(person.id, None)
        else:
            dates.extended[person.id] = until
        sync_extensions(gradebook, dates)
    due = dates.due.isoformat() if dates.due else None
    return Extended(unit, person.id, person.name, due, until.isoformat() if until else None)


def _days_later(dates: DueDates, days: float) -> datetime:
    if dates.due is None:
        raise ClassError(f"{dates.unit} has no due date yet: run `cvcourse release {dates.unit} --due DATE` first")
    if not 0 < days <= 3650:
        raise ClassError(f"--days {days:g} makes no sense here: give a number above 0")
    return dates.due + timedelta(days=days)


def find_student(roster: Roster, text: str) -> Student:
    """The student called so: by id, login, address, name or the platform's number.

    Raises:
        ClassError: nobody or several are.
    """
    people = People(roster)
    found = people.by_text(text)
    if len(found) == 1:
        return roster[next(iter(found))]
    if found:
        raise ClassError(f"{text!r} is the name of {people.show(found)}: use the id")
    raise ClassError(f"{text!r} is not on the roster of {len(roster)} students: use an id, an address or a full name")
