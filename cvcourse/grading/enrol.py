"""`cvcourse roster`: take a file of students into the class folder and into nbgrader's gradebook."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cvcourse.errors import ClassError
from cvcourse.grading.class_config import class_config
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.roster import ORIGINAL, ROSTER, Roster, Student, load_roster, roster_text
from cvcourse.grading.roster_file import read_roster_file
from cvcourse.grading.store import write_all
from cvcourse.paths import CoursePaths

KINDS = {"canvas": "Canvas's gradebook export", "moodle": "Moodle's grading worksheet", "plain": "a plain list"}


@dataclass
class Enrolment:
    """What a call of `cvcourse roster` did, by student id.

    Attributes:
        folder: the class folder, which is made where there is none.
        kept: students who are no longer in the file but have work or grades, so they stay on the roster.
        removed: students who are no longer in the file and had neither.
        skipped: lines of the file that are no student.
    """

    folder: str
    kind: str
    encoding: str
    students: int
    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def enrol(paths: CoursePaths, file: Path, *, replace_list: bool = False) -> Enrolment:
    """Take the students of `file` into the class: roster, gradebook and the file itself, or none of them.

    Args:
        paths: of the class.
        file: the list of students.
        replace_list: take it also where it looks like another class's.

    Raises:
        ClassError: the file has a defect or looks like another class's, or class folder or gradebook cannot be written.
    """
    read = read_roster_file(file)
    before = load_roster(paths.class_dir) if (paths.class_dir / ROSTER).is_file() else Roster()
    if len(before) and read.kind != before.kind and not replace_list:
        raise ClassError(
            f"{file.name} is {KINDS[read.kind]}, but the roster of this class came from {KINDS[before.kind]}: "
            "give a file of that kind, or say --replace if it is to be changed"
        )
    students = {student.id: student for student in _keep_ids(read.students, before, file.name)}
    result = Enrolment(str(paths.class_dir), read.kind, read.encoding, 0, skipped=read.skipped)
    result.new = [student_id for student_id in students if student_id not in before]
    result.updated = [key for key, student in students.items() if key in before and before[key] != student]
    with open_gradebook(paths) as gradebook:
        for student in before:
            if student.id not in students:
                worked = _has_work(paths, gradebook, student.id)
                (result.kept if worked else result.removed).append(student.id)
        if not replace_list:
            worked = any(_has_work(paths, gradebook, student.id) for student in before)
            _refuse_another_class(file, len(before) if worked else 0, len(result.kept) + len(result.removed))
        students |= {student_id: before[student_id] for student_id in result.kept}
        result.students = len(students)
        _fill_gradebook(gradebook, students.values(), result.removed)
        _write(paths, gradebook, Roster(students, read.kind), file.read_bytes())
    return result


def _refuse_another_class(file: Path, students: int, gone: int) -> None:
    """Where students have handed in, a list without most of the class is a wrong or a damaged file.

    Raises:
        ClassError: more than half of the class are not in the file.
    """
    if students and 2 * gone > students:
        raise ClassError(
            f"{file.name} lacks {gone} of the {students} students of this class, in which work was handed in: "
            "give the whole list, or say --replace if they are to go"
        )


def _keep_ids(students: list[Student], before: Roster, name: str) -> list[Student]:
    """Give a student who is on the roster already the id there, also where this file would derive another one."""
    by_email = {student.email: student.id for student in before if student.email}
    kept = [
        student if student.id in before else replace(student, id=by_email.get(student.email, student.id))
        for student in students
    ]
    if len({student.id for student in kept}) != len(kept):
        raise ClassError(f"{name}: two lines belong to one student of the roster; mend ids or addresses in the file")
    return kept


def _has_work(paths: CoursePaths, gradebook, student_id: str) -> bool:
    from nbgrader.api import MissingEntry

    collected = (paths.class_dir / "collected").glob(f"*/students/{student_id}")
    if (paths.class_dir / "submitted" / student_id).is_dir() or any(collected):
        return True
    try:
        return bool(gradebook.find_student(student_id).submissions)
    except MissingEntry:
        return False


def _fill_gradebook(gradebook, students, removed: list[str]) -> None:
    """Add or update the students in one transaction that the caller commits; nbgrader's own calls commit each one."""
    from nbgrader.api import Student as Row

    rows = {row.id: row for row in gradebook.db.query(Row)}
    for student in students:
        row = rows.get(student.id) or Row(id=student.id)
        row.first_name, row.last_name, row.email = student.first_name, student.last_name, student.email or None
        row.lms_user_id = student.lms_id or None
        gradebook.db.add(row)
    for student_id in removed:
        if student_id in rows:
            gradebook.db.delete(rows[student_id])
    gradebook.db.flush()


def _write(paths: CoursePaths, gradebook, roster: Roster, original: bytes) -> None:
    """Files and gradebook together: a file that cannot be written takes the gradebook's changes back."""
    try:
        files = {paths.class_dir / ORIGINAL: original, paths.class_dir / ROSTER: roster_text(roster)}
        write_all(files | class_config(paths))
    except ClassError:
        gradebook.db.rollback()
        raise
    gradebook.db.commit()
