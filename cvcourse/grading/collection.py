"""What was collected for a unit: `collected/UNIT.json` in the class folder, and where the files lie.

`submitted/STUDENT/UNIT/UNIT.ipynb` with `timestamp.txt` (nbgrader's layout) holds the attempt that counts; every file
that ever came, that one too, is kept under `collected/UNIT/`.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from cvcourse.grading.store import read_json, write_json

Status = Literal["taken", "older", "extra", "aside"]
Kind = Literal["notebook", "other", "unreadable"]
Fits = Literal["unit", "another", "unknown"]


@dataclass
class Entry:
    """One file found in an export.

    Attributes:
        file: its name there (`outer.zip/inner.ipynb` for one inside a student's own zip).
        student: id on the roster, or None where nobody could be told.
        status: `taken` (this one counts), `older` (an earlier attempt), `extra` (handed in beside the notebook),
            `aside` (a defect: `reason` says which).
        reason: why it does not count, or what is to be known about it.
        name: the file's own name, without what the platform put before it.
        defect: what is wrong with the file itself (for `other` and `unreadable`), or with telling whose it is.
        kind: `notebook`, `other` (another type of file), or `unreadable`.
        broken: for a notebook: why it cannot be read as one. A taken one that is broken is to appear in grading with
            this reason and no points.
        fits: whether its cells belong to the unit: `unit`, `another` unit, or `unknown` (it has no ids of cells).
        attempt: 1, 2, ... among the student's notebooks for this unit, 0 for anything else.
        time: when it was handed in as far as the export tells, ISO 8601 with offset, or empty.
        late: the platform's own mark (Canvas), None where it has none.
        upload: a number that grows with each upload (Canvas's file id), or 0.
        sha256: of the file's bytes, empty where it could not be read.
        kept: where the bytes lie, relative to the class folder, or empty.
        export: name of the zip or folder it came from.
        order: grows with each call of `collect`.
    """

    file: str
    student: str | None = None
    status: Status = "aside"
    reason: str = ""
    name: str = ""
    defect: str = ""
    kind: Kind = "other"
    broken: str = ""
    fits: Fits = "unknown"
    attempt: int = 0
    time: str = ""
    late: bool | None = None
    upload: int = 0
    sha256: str = ""
    kept: str = ""
    export: str = ""
    order: int = 0


@dataclass
class Collection:
    """All entries ever collected for one unit."""

    unit: str
    entries: list[Entry] = field(default_factory=list)

    def taken(self) -> dict[str, Entry]:
        """The entry that counts, by student id; `broken` is set on those that are no notebook."""
        return {entry.student: entry for entry in self.entries if entry.status == "taken" and entry.student}

    def of(self, student_id: str) -> list[Entry]:
        """Everything that came from one student, oldest first."""
        return [entry for entry in self.entries if entry.student == student_id]

    def aside(self) -> list[Entry]:
        """The entries set aside, with and without a known student."""
        return [entry for entry in self.entries if entry.status == "aside"]

    def why_missing(self, student_id: str) -> str:
        """One line for a student without a taken entry: the reasons of what was set aside, or "nothing handed in"."""
        reasons = [f"{entry.file}: {entry.reason}" for entry in self.of(student_id) if entry.status == "aside"]
        return "; ".join(reasons) or "nothing handed in"


def collection_path(class_dir: Path, unit: str) -> Path:
    """Where the record of a unit lies."""
    return class_dir / "collected" / f"{unit}.json"


def submitted_notebook(class_dir: Path, student_id: str, unit: str) -> Path:
    """Where nbgrader looks for a student's notebook."""
    return class_dir / "submitted" / student_id / unit / f"{unit}.ipynb"


def load_collection(class_dir: Path, unit: str) -> Collection:
    """The record of a unit, empty where nothing was collected yet.

    Raises:
        ClassError: the record is damaged.
    """
    data = read_json(collection_path(class_dir, unit), {"entries": []})
    return Collection(unit, [Entry(**entry) for entry in data["entries"]])


def save_collection(class_dir: Path, collection: Collection) -> Path:
    """Write the record, whole or not at all."""
    data = {"unit": collection.unit, "entries": [asdict(entry) for entry in collection.entries]}
    return write_json(collection_path(class_dir, collection.unit), data)
