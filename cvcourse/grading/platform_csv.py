"""Filling the learning platform's own CSV: Canvas's gradebook, Moodle's grading worksheet, or a plain list.

Everything but the one column of points stays as it came: columns, order, separator, encoding.
"""

import codecs
import csv
import io
import re
from dataclasses import dataclass

from cvcourse.errors import ClassError
from cvcourse.grading.roster import Roster
from cvcourse.grading.roster_file import decode_text

# Columns of Canvas's export that are no assignment.
_CANVAS_OWN = ("student", "id", "sis user id", "sis login id", "integration id", "section", "root account", "notes")
_CANVAS_TOTALS = re.compile(r"(current|final|unposted current|unposted final)( \w+)* (points|score|grade)$|^override ")


@dataclass
class PlatformCsv:
    """A platform's file, filled in.

    Attributes:
        data: the bytes to upload.
        column: the header of the column that was filled.
        filled: how many students have points in it.
        notes: what is to be known before the upload.
    """

    data: bytes
    column: str
    filled: int
    notes: list[str]


def fill(original: bytes, roster: Roster, unit: str, points: dict[str, float], worth: float, column: str | None = None):
    """Write each student's points into the platform's file.

    Args:
        original: the file as it came, `roster_original.csv`.
        roster: who is in the class.
        unit: the assignment; its column is found by its name.
        points: by student id; a student who is not in it keeps what the file holds.
        worth: the assignment's points, compared with what the platform says.
        column: header of the column, where the name alone does not tell.

    Raises:
        ClassError: the column is not there, or several could be meant.
    """
    text, encoding = decode_text(original)
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    head = next((number for number, row in enumerate(rows) if len([cell for cell in row if cell.strip()]) > 1), 0)
    place = _column(rows[head], roster.kind, unit, column)
    notes: list[str] = []
    if place == len(rows[head]):
        rows[head].append(unit)
        notes.append(f"the file had no column for {unit}: one was added")
    filled = _fill_rows(rows, head, place, roster, points)
    notes += _compare_worth(rows, head, place, roster.kind, worth)
    output = io.StringIO(newline="")
    csv.writer(output, delimiter=separator, lineterminator="\r\n" if "\r\n" in text else "\n").writerows(rows)
    return PlatformCsv(_encode(output.getvalue(), original, encoding), rows[head][place], filled, notes)


def _encode(text: str, original: bytes, encoding: str) -> bytes:
    if encoding == "utf-8" and original.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    return text.encode("utf-8-sig" if encoding == "cp1252" else encoding)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+|\d+", text.lower()))


def _assignment_columns(header: list[str]) -> list[int]:
    names = [name.strip().lower() for name in header]
    return [i for i, name in enumerate(names) if name and name not in _CANVAS_OWN and not _CANVAS_TOTALS.search(name)]


def _column(header: list[str], kind: str, unit: str, wanted: str | None) -> int:
    """The place of the column to fill; one past the end where the file has none yet."""
    if wanted is not None:
        fits = [i for i, name in enumerate(header) if wanted.strip().lower() in (name.strip().lower(), _bare(name))]
    elif kind == "moodle":
        fits = [i for i, name in enumerate(header) if name.strip().lower() == "grade"]
    else:
        number, _, name = unit.partition("_")
        columns = _assignment_columns(header)
        fits = [i for i in columns if _words(unit) <= _words(header[i])]
        fits = fits or [i for i in columns if _words(name or number) <= _words(header[i])]
        if not fits:
            return len(header)
    if len(fits) == 1:
        return fits[0]
    names = ", ".join(repr(header[i]) for i in (fits or _assignment_columns(header))) or "none"
    why = "several columns could be" if fits else "no column is"
    raise ClassError(f"{why} {wanted or unit!r} in the platform's CSV: name one by --column; there are {names}")


def _bare(name: str) -> str:
    """Canvas's header without the number of the assignment: `Homework 1 (4711)`."""
    return re.sub(r"\s*\(\d+\)\s*$", "", name).strip().lower()


def _fill_rows(rows: list[list[str]], head: int, place: int, roster: Roster, points: dict[str, float]) -> int:
    header = [name.strip().lower() for name in rows[head]]
    filled = 0
    for row in rows[head + 1 :]:
        row.extend([""] * (len(rows[head]) - len(row)) if any(row) else [])
        student = _student(dict(zip(header, row, strict=False)), roster)
        if student in points:
            row[place] = f"{points[student]:.2f}".rstrip("0").rstrip(".")
            filled += 1
    return filled


def _student(row: dict[str, str], roster: Roster) -> str | None:
    """Whose row it is: by Canvas's id, Moodle's participant number, a plain list's id, or the address."""
    number = re.search(r"(\d+)\s*$", row.get("identifier", ""))
    numbers = {number[1]} if number else {row.get(key, "").strip() for key in ("id", "student id", "student_id")}
    addresses = {row.get(key, "").strip().lower() for key in ("email", "email address", "sis login id")}
    for student in roster:
        if (student.lms_id and student.lms_id in numbers) or (not number and student.id in numbers):
            return student.id
    return next((student.id for student in roster if student.email and student.email in addresses), None)


def _compare_worth(rows: list[list[str]], head: int, place: int, kind: str, worth: float) -> list[str]:
    """A note where the platform gives the assignment another number of points."""
    header = [name.strip().lower() for name in rows[head]]
    if kind == "canvas":
        found = [row[place] for row in rows[head + 1 :] if row and row[0].strip().lower() == "points possible"]
    else:
        found = (
            [row[header.index("maximum grade")] for row in rows[head + 1 :] if any(row)]
            if "maximum grade" in header
            else []
        )
    for text in found[:1]:
        try:
            platform = float(text.replace(",", "."))
        except ValueError:
            continue
        if platform != worth:
            return [f"the platform gives {rows[head][place]!r} {platform:g} points, the assignment has {worth:g}"]
    return []
