"""Which of a student's files counts for a unit: the newest that can be read and belongs to it."""

from collections import defaultdict
from datetime import UTC, datetime

from cvcourse.grading.collection import Entry
from cvcourse.grading.content import name_fits, stem_without_copy

_NEVER = datetime(1, 1, 2, tzinfo=UTC)


def own_name(entry: Entry) -> str:
    """The file's own name, without folders and what the platform put before it."""
    return entry.name or entry.file.rsplit("/", 1)[-1]


def moment(entry: Entry) -> datetime:
    """When the entry was handed in, the beginning of time where nothing tells."""
    return datetime.fromisoformat(entry.time) if entry.time else _NEVER


def handed_in_together(entries: list[Entry], student: str) -> str:
    """Which of several different notebooks that came from a student at once counts; empty where there was one."""
    mine = [entry for entry in entries if entry.student == student and entry.attempt]
    taken = next((entry for entry in mine if entry.status == "taken"), None)
    others = [e for e in mine if taken and e.order == taken.order and e.sha256 != taken.sha256]
    if not others:
        return ""
    names = [own_name(entry) for entry in [*others, taken]]
    if len(set(names)) < len(names):
        names = [entry.file for entry in [*others, taken]]
    return f"{len(names)} notebooks were handed in together: {', '.join(names)}; the last of these counts"


def decide(entries: list[Entry], unit: str) -> None:
    """Set status, reason and attempt of every entry whose student is known; the others stay aside."""
    by_student: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.student is None:
            entry.status, entry.reason = "aside", entry.defect
        else:
            by_student[entry.student].append(entry)
    for mine in by_student.values():
        _decide_student(mine, unit)


def _decide_student(entries: list[Entry], unit: str) -> None:
    for entry in entries:
        entry.attempt = 0
        entry.status, entry.reason = "aside", entry.defect
    attempts, rest = _attempts([entry for entry in entries if entry.kind == "notebook"], unit)
    attempts = _sorted(attempts, unit)
    for number, entry in enumerate(attempts, start=1):
        entry.attempt = number
    readable = [entry for entry in attempts if not entry.broken]
    taken = (readable or attempts)[-1] if attempts else None
    for entry in attempts:
        _judge(entry, taken)
    for entry in [*rest, *(entry for entry in entries if entry.kind == "other")]:
        if taken is not None:
            entry.status = "extra"
            entry.reason = f"{entry.reason or 'is another notebook'}; {own_name(taken)} counts"


def _judge(entry: Entry, taken: Entry) -> None:
    if entry is taken:
        entry.status, entry.reason = "taken", entry.broken
    elif entry.attempt < taken.attempt:
        entry.status, entry.reason = "older", f"attempt {taken.attempt} is newer"
    else:
        entry.reason = f"{entry.broken}; attempt {taken.attempt}, which can be read, counts"


def _attempts(notebooks: list[Entry], unit: str) -> tuple[list[Entry], list[Entry]]:
    """The notebooks that are attempts at the unit, and those beside them, whose reason is set."""
    rest = [entry for entry in notebooks if entry.fits == "another"]
    for entry in rest:
        entry.reason = f"is the notebook of another assignment, not of {unit}"
    open_ = [entry for entry in notebooks if entry.fits != "another"]
    fitting = [entry for entry in open_ if entry.fits == "unit" or name_fits(own_name(entry), unit)]
    if fitting:
        return fitting, rest + [entry for entry in open_ if entry not in fitting]
    return _only_notebooks(open_, rest, unit)


def _only_notebooks(notebooks: list[Entry], rest: list[Entry], unit: str) -> tuple[list[Entry], list[Entry]]:
    """Neither name nor content tells: a notebook counts that is the only one of its export."""
    by_export: dict[int, list[Entry]] = defaultdict(list)
    for entry in notebooks:
        by_export[entry.order].append(entry)
    attempts = []
    for group in by_export.values():
        if len({stem_without_copy(own_name(entry)) for entry in group}) == 1 or len({e.sha256 for e in group}) == 1:
            attempts += group
            continue
        names = ", ".join(sorted(own_name(entry) for entry in group))
        for entry in group:
            entry.reason = f"neither name nor content tells which one is {unit}: {names}"
        rest = rest + group
    return attempts, rest


def _sorted(attempts: list[Entry], unit: str) -> list[Entry]:
    """Oldest first: by Canvas's growing file ids where all have one, else by time; the exact name wins a tie."""
    counted = all(entry.upload for entry in attempts)

    def place(entry: Entry) -> tuple:
        exact = own_name(entry).casefold() == f"{unit}.ipynb".casefold()
        return (entry.upload if counted else 0, moment(entry), entry.order, exact, entry.file)

    return sorted(attempts, key=place)
