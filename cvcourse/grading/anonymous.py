"""Hides from whoever grades by hand who wrote what: formgrader then shows a number in place of every name.

What it covers is formgrader as `cvcourse formgrader` opens it: no page, no answer of its interface and no address in
it holds a name, an e-mail address or an id of the roster. It is a help to be fair, no wall: the files of the class lie
open beside it, in JupyterLab's file browser too, and what students typed into their notebooks, such as their names, is
shown as they typed it. The report, the gradebook and the class folder keep the names.
"""

import random
from collections.abc import Iterable
from pathlib import Path

from cvcourse.errors import ClassError
from cvcourse.grading.roster import load_roster
from cvcourse.grading.store import read_json, write_json

ANONYMOUS = "anonymous.json"


def set_anonymous(class_dir: Path, on: bool) -> None:
    """Say whether formgrader hides names in this class; it takes effect at once, also where formgrader is open.

    Raises:
        ClassError: the folder cannot be written, or its record is damaged.
    """
    record = _read(class_dir)
    if record["on"] != on:
        _write(class_dir, {**record, "on": on})


def is_anonymous(class_dir: Path) -> bool:
    """Whether formgrader hides names in this class.

    Raises:
        ClassError: the record is damaged.
    """
    return _read(class_dir)["on"]


class Pseudonyms:
    """What stands for each student of a class: "student-001" and so on, the same for ever.

    The numbers are drawn by lot, so that they do not follow the roster; who enrols later gets a higher one.

    Raises:
        ClassError: the record is damaged, or cannot be written.
    """

    def __init__(self, class_dir: Path) -> None:
        self._class_dir = class_dir
        self._numbers: dict[str, int] = _read(class_dir)["numbers"]
        try:
            self.draw(load_roster(class_dir).students)
        except ClassError:  # formgrader also shows a class whose roster is gone
            self.draw([])

    def draw(self, students: Iterable[str]) -> None:
        """Give a number to each of these ids that has none."""
        new = sorted(set(students) - self._numbers.keys())
        random.SystemRandom().shuffle(new)
        self._numbers |= {student: number for number, student in enumerate(new, len(self._numbers) + 1)}
        self._students = {self.of_number(number): student for student, number in self._numbers.items()}
        if new:
            _write(self._class_dir, {**_read(self._class_dir), "numbers": self._numbers})

    @staticmethod
    def of_number(number: int) -> str:
        """The pseudonym with this number."""
        return f"student-{number:03}"

    def number(self, student: str) -> int:
        """A student's number; one is drawn where there is none."""
        if student not in self._numbers:
            self.draw([student])
        return self._numbers[student]

    def of(self, student: str) -> str:
        """What stands for a student's id."""
        return self.of_number(self.number(student))

    def student(self, pseudonym: str) -> str | None:
        """The id behind a pseudonym; None where nobody has it."""
        return self._students.get(pseudonym)


def _read(class_dir: Path) -> dict:
    record = {"on": False, "numbers": {}, **read_json(class_dir / ANONYMOUS, {})}
    if not isinstance(record["numbers"], dict) or not isinstance(record["on"], bool):
        raise ClassError(f"{class_dir / ANONYMOUS} is damaged: delete it and run `cvcourse grade --anonymous` again")
    return record


def _write(class_dir: Path, record: dict) -> None:
    write_json(class_dir / ANONYMOUS, record, mode=0o600)
