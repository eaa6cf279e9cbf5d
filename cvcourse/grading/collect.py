"""`cvcourse collect`: an export of the learning platform becomes submissions in nbgrader's layout.

Everything is prepared in a staging folder inside the class folder and moved at the end, a student at a time. A later
export is merged: the newest attempt counts, earlier ones and what was set aside are kept under `collected/UNIT/`.
"""

import os
import shutil
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cvcourse.errors import ClassError
from cvcourse.grading.archive import open_export
from cvcourse.grading.choose import decide, handed_in_together, moment
from cvcourse.grading.class_config import class_config
from cvcourse.grading.collection import (
    Collection,
    Entry,
    collection_path,
    load_collection,
    save_collection,
    submitted_notebook,
)
from cvcourse.grading.content import look_at
from cvcourse.grading.due import DueDates, due_dates
from cvcourse.grading.intake import Intake, Progress
from cvcourse.grading.owner import People
from cvcourse.grading.roster import Roster, load_roster
from cvcourse.grading.store import cannot_write, staging, write_all, write_bytes
from cvcourse.paths import CoursePaths

TIMESTAMP = "timestamp.txt"


@dataclass
class Collected:
    """What a call of `cvcourse collect` did.

    Attributes:
        found: entries of this export that are not junk.
        taken: all students with a submission now; new and replaced are those of this call.
        aside: entries of this export that were set aside, with their reasons.
        broken: students whose submission is no readable notebook, with the reason.
        several: students of this export who handed in different notebooks at once: which one counts.
        late: students whose submission came after their due date.
        missing: students of the roster without a submission.
    """

    unit: str
    export: str
    found: int
    known: int
    taken: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    several: dict[str, str] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    aside: list[Entry] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def collect(paths: CoursePaths, export: Path, unit: str, on_progress: Progress | None = None) -> Collected:
    """Take in an export for one unit; `on_progress` is called with (files read, files in all).

    Raises:
        ClassError: no class, no roster, an export that is refused as a whole, a gradebook in use, a full disk. Nothing
            was changed then.
    """
    roster = load_roster(paths.class_dir)
    collection = load_collection(paths.class_dir, unit)
    before = {student: entry.sha256 for student, entry in collection.taken().items()}
    dates = due_dates(paths, unit)
    order = 1 + max((entry.order for entry in collection.entries), default=0)
    try:
        with staging(paths.class_dir) as stage:
            with open_export(export) as members:
                found = Intake(paths, unit, People(roster), stage, export.name, order).read(members, on_progress)
            if not found:
                raise ClassError(f"{export} holds no file: give the folder or zip with the submissions of {unit}")
            present, known = merge(collection, found)
            decide(collection.entries, unit)
            write_all(class_config(paths))
            _commit(paths, stage, collection, before, dates)
    except OSError as error:
        raise cannot_write(Path(error.filename or paths.class_dir), error) from error
    return _summary(collection, export.name, present, known, before, dates, roster)


def merge(collection: Collection, found: list[Entry]) -> tuple[list[Entry], int]:
    """Add what is new to the collection.

    Returns:
        The entries of the collection that this export holds, and how many of them were known before.
    """
    present, known = [], 0
    for entry in found:
        same = next((old for old in collection.entries if _same(old, entry)), None)
        if same is not None and not _came_back(same, entry, collection):
            known += same.order < entry.order
            if not any(same is other for other in present):
                present.append(same)
            continue
        # The roster or the file's name was mended since: the entry without a student is this one.
        collection.entries = [old for old in collection.entries if not _was_nobodys(old, entry)]
        collection.entries.append(entry)
        present.append(entry)
    return present, known


def _same(old: Entry, new: Entry) -> bool:
    if (old.student, old.sha256, old.upload) != (new.student, new.sha256, new.upload):
        return False
    return bool(new.sha256 and (new.student or old.file == new.file)) or (old.file, old.defect) == (
        new.file,
        new.defect,
    )


def _came_back(old: Entry, new: Entry, collection: Collection) -> bool:
    """Whether a student handed in an earlier file once more, after another one, so that it counts again."""
    if old.status != "older" or old.upload:
        return False
    mine = [entry for entry in collection.of(new.student) if entry.attempt and entry.order < new.order]
    return moment(new) > max(moment(entry) for entry in mine)


def _was_nobodys(old: Entry, new: Entry) -> bool:
    return old.student is None and new.student is not None and (old.file, old.sha256) == (new.file, new.sha256)


def effective_time(entry: Entry, dates: DueDates) -> datetime | None:
    """When the entry counts as handed in.

    Canvas's zip tells when it was made, not when each file was handed in; Canvas's own mark is right there. An entry
    without the mark was in time, so it counts as handed in at the due date at the latest. One with the mark came after
    the unit's due date, though an extension may cover it.
    """
    time = moment(entry) if entry.time else None
    if dates.due is None or entry.late is None:
        return time
    if entry.late:
        return max(time or dates.due, dates.due + timedelta(seconds=1))
    return min(time or dates.due, dates.due)


def timestamp_text(time: datetime) -> bytes:
    """The content of `timestamp.txt` as nbgrader's own exchange writes it."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC").encode()


def refresh_timestamps(paths: CoursePaths, unit: str, dates: DueDates) -> None:
    """Write every time stamp of a unit anew after a due date has moved."""
    for student, entry in load_collection(paths.class_dir, unit).taken().items():
        folder = submitted_notebook(paths.class_dir, student, unit).parent
        time = effective_time(entry, dates)
        if folder.is_dir() and time is not None:
            write_bytes(folder / TIMESTAMP, timestamp_text(time))


def is_late(entry: Entry, dates: DueDates) -> bool:
    """Whether the entry came after its student's own due date; without one Canvas's mark is all there is."""
    due, time = dates.of(entry.student or ""), effective_time(entry, dates)
    if due is None:
        return bool(entry.late)
    return bool(time and time > due)


def _commit(paths: CoursePaths, stage: Path, collection: Collection, before: dict[str, str], dates: DueDates) -> None:
    """Move what is staged to its place: first the kept files, then each student's submission, last the record."""
    changed = _stage_submissions(paths, stage, collection, before, dates)
    kept = {entry.kept for entry in collection.entries}
    save_collection(stage, collection)
    for file in sorted((stage / "collected").rglob("*")):
        name = file.relative_to(stage).as_posix()
        if file.is_file() and name in kept:
            _move(file, paths.class_dir / name)
    for student in changed:
        _swap(
            stage / "submitted" / student / collection.unit, paths.class_dir / "submitted" / student / collection.unit
        )
    _move(collection_path(stage, collection.unit), collection_path(paths.class_dir, collection.unit))


def _stage_submissions(
    paths: CoursePaths, stage: Path, collection: Collection, before: dict[str, str], dates: DueDates
) -> list[str]:
    """Prepare the folders of the students whose submission is new or another one; gives their ids."""
    changed = []
    for student, entry in collection.taken().items():
        target = submitted_notebook(paths.class_dir, student, collection.unit)
        if before.get(student) == entry.sha256 and target.is_file():
            continue
        source = stage / entry.kept if (stage / entry.kept).is_file() else paths.class_dir / entry.kept
        data = look_at(f"{collection.unit}.ipynb", source.read_bytes()).text
        if target.is_file() and student not in before and target.read_bytes() != data:
            _keep_by_hand(paths, stage, target, student, collection)
        folder = stage / "submitted" / student / collection.unit
        folder.mkdir(parents=True)
        (folder / f"{collection.unit}.ipynb").write_bytes(data)
        time = effective_time(entry, dates)
        if time is not None:
            (folder / TIMESTAMP).write_bytes(timestamp_text(time))
        changed.append(student)
    return changed


def _keep_by_hand(paths: CoursePaths, stage: Path, target: Path, student: str, collection: Collection) -> None:
    """Keep a notebook that somebody put among the submissions by hand and that a collected one replaces."""
    entry = Entry(
        target.relative_to(paths.class_dir).as_posix(), student, "older", "was put there by hand", kind="notebook"
    )
    entry.kept = f"collected/{collection.unit}/students/{student}/000-by-hand-{target.name}"
    (stage / entry.kept).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(target, stage / entry.kept)
    collection.entries.append(entry)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)


def _swap(source: Path, target: Path) -> None:
    """Put a folder in place of another one; should that fail, the old one comes back."""
    old = source.with_name(source.name + ".old")
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(source, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise


def _summary(
    collection: Collection,
    export: str,
    present: list[Entry],
    known: int,
    before: dict[str, str],
    dates: DueDates,
    roster: Roster,
) -> Collected:
    taken = collection.taken()
    result = Collected(collection.unit, export, len(present), known, sorted(taken))
    result.new = sorted(student for student in taken if student not in before)
    result.replaced = sorted(key for key, entry in taken.items() if before.get(key, entry.sha256) != entry.sha256)
    result.broken = {student: entry.broken for student, entry in sorted(taken.items()) if entry.broken}
    here = sorted({entry.student for entry in present if entry.status == "taken"})
    said = {student: handed_in_together(collection.entries, student) for student in here}
    result.several = {student: text for student, text in said.items() if text}
    result.late = sorted(student for student, entry in taken.items() if is_late(entry, dates))
    result.missing = [student.id for student in roster if student.id not in taken]
    result.aside = [entry for entry in present if entry.status == "aside"]
    return result
