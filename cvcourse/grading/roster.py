"""The roster of a class: who is in it, kept as `roster.csv` in the class folder.

`roster_original.csv` beside it is the file of the learning platform as it came, for the report to fill in.
"""

import csv
import io
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Literal

from cvcourse.errors import ClassError
from cvcourse.grading.store import write_bytes

Kind = Literal["canvas", "moodle", "plain"]
ROSTER = "roster.csv"
ORIGINAL = "roster_original.csv"


@dataclass(frozen=True)
class Student:
    """One student.

    Attributes:
        id: the name of the student's folder and the id in nbgrader's gradebook; never changes.
            Canvas: its user id (column ID); Moodle: the ID number, else the email address; plain: the column id.
        name: first name and last name, as a person reads it.
        email: address, may be empty.
        login: the platform's login (Canvas: SIS Login ID), may be empty.
        lms: where the roster came from (`canvas`, `moodle`, `plain`).
        lms_id: the number by which an export names the student (Canvas: user id;
            Moodle: participant number, which is another one for each assignment), may be empty.
        section: Canvas's section, may be empty.
    """

    id: str
    name: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    login: str = ""
    lms: Kind = "plain"
    lms_id: str = ""
    section: str = ""


@dataclass
class Roster:
    """The students of a class by their id, in the order of the file."""

    students: dict[str, Student] = field(default_factory=dict)
    kind: Kind = "plain"

    def __len__(self) -> int:
        return len(self.students)

    def __iter__(self):
        return iter(self.students.values())

    def __contains__(self, student_id: object) -> bool:
        return student_id in self.students

    def __getitem__(self, student_id: str) -> Student:
        return self.students[student_id]


COLUMNS = [item.name for item in fields(Student)]


def load_roster(class_dir: Path) -> Roster:
    """The roster kept in `class_dir`.

    Raises:
        ClassError: there is none yet, or the file was damaged.
    """
    path = class_dir / ROSTER
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    except FileNotFoundError:
        raise ClassError(f"{class_dir} has no roster yet: run `cvcourse roster CSV` first") from None
    except (ValueError, csv.Error) as error:
        raise ClassError(f"{path} is damaged ({error}): run `cvcourse roster CSV` again") from error
    if rows and not {"id", "name", "lms"} <= rows[0].keys():
        raise ClassError(f"{path} lacks a column id, name or lms: run `cvcourse roster CSV` again")
    students = [Student(**{key: row.get(key) or "" for key in COLUMNS}) for row in rows]
    kind = students[0].lms if students else "plain"
    return Roster({student.id: student for student in students}, kind)


def roster_text(roster: Roster) -> bytes:
    """The roster as the bytes of `roster.csv`."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(student) for student in roster)
    return text.getvalue().encode("utf-8")


def save_roster(class_dir: Path, roster: Roster) -> Path:
    """Write `roster.csv`, whole or not at all."""
    return write_bytes(class_dir / ROSTER, roster_text(roster))
