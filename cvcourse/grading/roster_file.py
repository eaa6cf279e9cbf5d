"""Reading a list of students: Canvas's gradebook export, Moodle's grading worksheet, or columns id, name, email.

The kind is told by the header. Byte order marks, UTF-16, Windows code page 1252 and the separators comma, semicolon
and tab are understood, because spreadsheets write all of them.
"""

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from cvcourse.errors import ClassError
from cvcourse.grading.names import split_name, turned
from cvcourse.grading.roster import Kind, Student

_ALIASES = {
    "id": ("id", "student id", "student_id"),
    "name": ("name", "full name", "student", "student name"),
    "first_name": ("first_name", "first name", "given name"),
    "last_name": ("last_name", "last name", "surname", "family name"),
    "email": ("email", "email address", "e-mail", "mail"),
    "login": ("sis login id", "login", "username"),
    "section": ("section",),
    "identifier": ("identifier",),
    "id_number": ("id number",),
}
_EXPECTED = (
    "expected the header of a Canvas gradebook export (Student, ID, ..., Section), "
    "of a Moodle grading worksheet (Identifier, Full name, Email address, ...), or the columns id, name, email"
)
# A student's id names a folder, on Windows and macOS too, and nbgrader uses it inside glob patterns.
_BAD_ID = re.compile(r'[\\/:*?"<>|\[\]\x00-\x1f]|^\.|\.$|^\s|\s$')


@dataclass
class RosterFile:
    """What a file of students holds.

    Attributes:
        students: in the order of the file.
        kind: `canvas`, `moodle` or `plain`.
        skipped: lines that are no student, with the reason.
        encoding: how the text was read.
    """

    students: list[Student]
    kind: Kind
    skipped: list[str] = field(default_factory=list)
    encoding: str = "utf-8"


def decode_text(data: bytes) -> tuple[str, str]:
    """The text of a file and its encoding, told by byte order mark, else UTF-8, else Windows code page 1252.

    Raises:
        ValueError: it is no text.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16"), "utf-16"
    if b"\x00" in data:
        raise ValueError("holds binary data, not text")
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252"), "cp1252"


def read_roster_file(path: Path) -> RosterFile:
    """Read a file of students.

    Raises:
        ClassError: it is missing, no CSV, of no known kind, or a line has no id, no name or an id that is there twice.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ClassError(f"cannot read {path}: {error.strerror}; give the CSV file of the class") from error
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ClassError(f"{path.name} is a spreadsheet, not a CSV file: save it as CSV (UTF-8) and give that file")
    try:
        text, encoding = decode_text(data)
        rows = _rows(text)
    except (ValueError, csv.Error) as error:
        raise ClassError(f"{path.name} cannot be read as CSV: {error}; export it once more as CSV (UTF-8)") from error
    if not rows:
        raise ClassError(f"{path.name} is empty: {_EXPECTED}")
    result = _parse(path.name, rows)
    return replace(result, encoding=encoding)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The rows with their line numbers, split at whichever separator makes the header known."""
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    offset = 0
    if re.fullmatch(r"sep=.\s*", first_line.strip().lower()):
        text, offset = text.split("\n", 1)[1] if "\n" in text else "", 1
    best: tuple[str, list[tuple[int, list[str]]]] = ",", []
    for separator in ",;\t":
        rows = _split(text, separator, offset)
        if rows and (not best[1] or _known(rows[0][1]) > _known(best[1][0][1])):
            best = separator, rows
    return _split(text, best[0], offset, strict=True)


def _split(text: str, separator: str, offset: int, *, strict: bool = False) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    rows, line = [], 1 + offset
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((line, row))
            line = reader.line_num + 1 + offset
    except csv.Error as error:
        unclosed = "a quote is opened and not closed" if "unexpected end" in str(error) else str(error)
        raise ValueError(f"line {line}: {unclosed}") from error
    return rows


def _header(row: list[str]) -> dict[str, int]:
    """The column of each name that we know."""
    names = [" ".join(cell.lower().split()) for cell in row]
    found = {}
    for key, aliases in _ALIASES.items():
        for alias in aliases:
            if alias in names and key not in found:
                found[key] = names.index(alias)
    return found


def _known(row: list[str]) -> int:
    return len(_header(row))


def _parse(name: str, rows: list[tuple[int, list[str]]]) -> RosterFile:
    columns = _header(rows[0][1])
    titles = [" ".join(cell.lower().split()) for cell in rows[0][1]]
    records = [(line, _record(row, columns)) for line, row in rows[1:]]
    _refuse_swallowed_lines(name, records)
    if "identifier" in columns:
        students, skipped, kind = *_moodle(records, name), "moodle"
    elif "student" in titles and "id" in titles and ({"section", "sis login id", "sis user id"} & set(titles)):
        students, skipped, kind = *_canvas(records), "canvas"
    elif "id" in columns and ("name" in columns or {"first_name", "last_name"} <= columns.keys()):
        students, skipped, kind = *_plain(records), "plain"
    else:
        shown = ", ".join(cell.strip() for cell in rows[0][1] if cell.strip())[:120]
        raise ClassError(f"{name} is of no known kind: its header is {shown!r}; {_EXPECTED}")
    _refuse_defects(name, students)
    if not students:
        raise ClassError(f"{name} holds no student below its header; export it once more")
    return RosterFile([student for _, student in students], kind, skipped)


def _record(row: list[str], columns: dict[str, int]) -> dict[str, str]:
    return {key: row[index].strip() if index < len(row) else "" for key, index in columns.items()}


def _refuse_swallowed_lines(name: str, records: list[tuple[int, dict[str, str]]]) -> None:
    """A quote that is not closed takes the next lines into its field; other columns, such as comments, may have lines.

    Raises:
        ClassError: an id, name or address goes on in the next line.
    """
    for line, record in records:
        for key, text in record.items():
            if "\n" in text or "\r" in text:
                shown = key.replace("_", " ")
                raise ClassError(
                    f"{name}: line {line}: the {shown} goes on in the next line: look for a stray quote there"
                )


Numbered = list[tuple[int, Student]]


def _canvas(records) -> tuple[Numbered, list[str]]:
    """Canvas: names are `Last, First`; lines of points, of posting policies and of the test student are no students."""
    students, skipped = [], []
    for line, record in records:
        name, student_id = record.get("name", ""), record.get("id", "")
        if name.lower() == "points possible" or (not name and not student_id):
            continue
        if name.lower() in ("student, test", "test student"):
            skipped.append(f"line {line}: Canvas's test student")
            continue
        first, last, full = turned(name) if "," in name else split_name(name)
        login = record.get("login", "")
        student = Student(student_id, full, first, last, lms="canvas", lms_id=student_id)
        email = login.lower() if "@" in login else record.get("email", "").lower()
        students.append((line, replace(student, login=login, email=email, section=record.get("section", ""))))
    return students, skipped


def _moodle(records, name: str) -> tuple[Numbered, list[str]]:
    """Moodle: the participant number is another one for each assignment, so the id is the ID number or the address."""
    numbers = []
    for line, record in records:
        found = re.search(r"(\d+)\s*$", record["identifier"])
        if not found:
            raise ClassError(
                f"{name}: line {line}: {record['identifier']!r} is no identifier such as 'Participant 123'; "
                "download the grading worksheet from Moodle once more"
            )
        numbers.append(found[1])
    for key in ("id_number", "email"):
        if records and all(record.get(key) for _, record in records):
            break
    else:
        key = ""
    students = []
    for (line, record), number in zip(records, numbers, strict=True):
        full = " ".join(record.get("name", "").split()) or record["identifier"]
        first, last, _ = split_name(full)
        email = record.get("email", "").lower()
        student_id = {"id_number": record.get("id_number", ""), "email": email}.get(key, number)
        students.append((line, Student(student_id, full, first, last, email, lms="moodle", lms_id=number)))
    return students, []


def _plain(records) -> tuple[Numbered, list[str]]:
    students = []
    for line, record in records:
        name = " ".join(record.get("name", "").split())
        first, last = record.get("first_name", ""), record.get("last_name", "")
        if not name:
            name = f"{first} {last}".strip()
        elif not (first or last):
            first, last, name = turned(name) if "," in name else split_name(name)
        email = record.get("email", "").lower()
        students.append((line, Student(record["id"], name, first, last, email, record.get("login", ""))))
    return students, []


def _refuse_defects(name: str, students: Numbered) -> None:
    """One line for all lines without id or name, with an id that cannot name a folder, or with one that is there."""
    defects: list[str] = []
    seen: dict[str, int] = {}
    for line, student in students:
        if not student.id:
            defects.append(f"line {line} has no id")
        elif len(student.id) > 100 or _BAD_ID.search(student.id):
            defects.append(f"line {line}: the id {student.id[:40]!r} cannot name a folder")
        elif student.id.casefold() in seen:
            defects.append(f"line {line}: the id {student.id!r} is already in line {seen[student.id.casefold()]}")
        if student.id:
            seen.setdefault(student.id.casefold(), line)
        if not student.name:
            defects.append(f"line {line} has no name")
    for number, count in Counter(student.lms_id for _, student in students if student.lms_id).items():
        if count > 1 and not defects:
            defects.append(f"{count} lines have the number {number}")
    if defects:
        more = f" and {len(defects) - 5} more" if len(defects) > 5 else ""
        raise ClassError(f"{name}: {'; '.join(defects[:5])}{more}; mend the file and run this again")
