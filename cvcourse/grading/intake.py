"""From the members of an export to entries: whose each one is, what it is, and its bytes kept in a staging folder."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cvcourse.errors import ClassError
from cvcourse.grading.archive import Member, MemberError, nested_members
from cvcourse.grading.collection import Entry
from cvcourse.grading.content import fits_unit, is_notebook_name, is_zip_name, look_at
from cvcourse.grading.owner import Owner, People, is_entry, numbers_fit, owner_of
from cvcourse.paths import CoursePaths

Progress = Callable[[int, int], None]


@dataclass
class Intake:
    """Reads one export for one unit.

    Attributes:
        stage: folder where the files are kept first, laid out as the class folder is.
        export: the export's name.
        order: number of this call of `collect`.
        entries: what was found so far.
    """

    paths: CoursePaths
    unit: str
    people: People
    stage: Path
    export: str
    order: int
    entries: list[Entry] = field(default_factory=list)

    def read(self, members: list[Member], on_progress: Progress | None = None) -> list[Entry]:
        """Take in every member; a defect of one is told in its entry. `on_progress` is called with (done, in all)."""
        astray = [member for member in members if member.astray]
        members = _unwrapped([member for member in members if not member.astray], self.people)
        self.people.numbers_fit = numbers_fit((member.name.split("/")[0] for member in members), self.people)
        for done, member in enumerate([*members, *astray], start=1):
            owner = Owner(None, member.name) if member.astray else owner_of(member.name, self.people)
            self._take(member, owner, member.time, member.name)
            if on_progress is not None:
                on_progress(done, len(members) + len(astray))
        return self.entries

    def _take(self, member: Member, owner: Owner, time: datetime | None, file: str, inside: bool = False) -> None:
        entry = Entry(file, owner.student, name=owner.name, defect=owner.reason, late=owner.late, upload=owner.upload)
        entry.time = time.isoformat() if time else ""
        entry.export, entry.order = self.export, self.order
        try:
            data = member.read()
        except MemberError as error:
            entry.kind, entry.defect = "unreadable", f"{error}{'; ' + owner.reason if owner.reason else ''}"
            self.entries.append(entry)
            return
        if is_zip_name(owner.name) and owner.student and not inside and self._open(data, owner, time, entry):
            return
        self._look(entry, data)
        self.entries.append(entry)

    def _look(self, entry: Entry, data: bytes) -> None:
        look = look_at(entry.name, data)
        entry.kind, entry.sha256 = look.kind, hashlib.sha256(data).hexdigest()
        if look.kind == "notebook":
            entry.broken = look.problem
            entry.fits = "unknown" if look.problem else fits_unit(look.grade_ids, self.paths, self.unit)
        elif not data:
            entry.defect = entry.defect or "is empty"
        else:
            entry.defect = entry.defect or look.problem
        self._keep(entry, data)

    def _open(self, data: bytes, owner: Owner, time: datetime | None, outer: Entry) -> bool:
        """Take in what a student's own zip holds; False leaves the zip itself as an entry with its defect.

        Times inside it are the student's own, so the time of the zip holds for all.
        """
        try:
            inner = nested_members(data, owner.name)
        except ClassError as error:
            outer.defect = str(error)
            return False
        notebooks = [member for member in inner if is_notebook_name(member.name)]
        if not notebooks:
            deeper = any(is_zip_name(member.name) for member in inner)
            outer.defect = "is a zip that holds another zip" if deeper else "is a zip that holds no notebook"
            return False
        for member in notebooks:
            name = member.name.rsplit("/", 1)[-1]
            self._take(member, replace(owner, name=name), time, f"{outer.file}/{member.name}", inside=True)
        return True

    def _keep(self, entry: Entry, data: bytes) -> None:
        """Write the bytes under a name that is safe on every system and tells call and content."""
        owner = Path("students", entry.student) if entry.student else Path("unknown")
        name = entry.name if entry.student else entry.file
        safe = re.sub(r"[^\w.()+-]+", "_", name).strip("._")[-80:] or "file"
        kept = Path("collected", self.unit, owner, f"{self.order:03d}-{entry.sha256[:10]}-{safe}")
        target = self.stage / kept
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        entry.kept = kept.as_posix()


def _unwrapped(members: list[Member], people: People) -> list[Member]:
    """Without the one folder that many packers put around everything, unless it is a student's own."""
    tops = {member.name.split("/")[0] for member in members}
    if len(tops) != 1 or any("/" not in member.name for member in members):
        return members
    inner = [replace(member, name=member.name.split("/", 1)[1]) for member in members]
    if is_entry(next(iter(tops)), people):
        return members
    return _unwrapped(inner, people) if any("/" in member.name for member in inner) else inner
