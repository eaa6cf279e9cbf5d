"""How each test cell of a submission ended, and the record of it in the class folder (`outcomes/UNIT/STUDENT.json`)."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from cvcourse.errors import ClassError
from cvcourse.grading.store import read_json, write_json


class Outcome(StrEnum):
    """The ways in which a test cell ends."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ATTEMPTED = "not attempted"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    REFUSED = "refused"
    BROKEN = "broken notebook"
    BY_HAND = "graded by hand"
    FAULT = "grader's fault"
    HIDDEN = "hidden, graded later"


@dataclass(frozen=True)
class Verdict:
    """What one test cell gives.

    Attributes:
        grade_id: nbgrader's name of the cell.
        exercise: heading of the exercise.
        outcome: how it ended.
        points: what it gives; None where a person decides.
        max_points: what it is worth.
        reason: why it gives no points, empty where it passed. Never shows a test's source.
        hidden: whether students do not see the test.
    """

    grade_id: str
    exercise: str
    outcome: Outcome
    points: float | None
    max_points: float
    reason: str = ""
    hidden: bool = False


@dataclass
class Graded:
    """The result of one submission.

    Attributes:
        student: id on the roster.
        keys: for each test, by grade_id, the hash of all that its verdict depends on; where another hash would come
            out today, or there is none, the test has to be run again.
        verdicts: one per test cell, in the order of the assignment.
        broken: why the file is no notebook of this assignment, or empty.
        notes: what was repaired or is odd about the notebook.
        seconds: CPU time of its cells.
        sandbox: whether it ran behind walls.
    """

    student: str
    keys: dict[str, str]
    verdicts: list[Verdict]
    broken: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    sandbox: bool = True

    @property
    def points(self) -> float:
        """The points of all test cells that ran by themselves."""
        return sum(verdict.points or 0.0 for verdict in self.verdicts)

    @property
    def max_points(self) -> float:
        """What the assignment is worth."""
        return sum(verdict.max_points for verdict in self.verdicts)

    @property
    def faulty(self) -> bool:
        """Whether the instructor should look: no notebook, or the grader itself failed."""
        return bool(self.broken) or any(verdict.outcome == Outcome.FAULT for verdict in self.verdicts)


def outcomes_folder(class_dir: Path, unit: str) -> Path:
    """Where the records of a unit lie, one file a student: each is written once, however large the class."""
    return class_dir / "outcomes" / unit


def load_outcomes(class_dir: Path, unit: str) -> dict[str, Graded]:
    """The results of a unit by student id, empty where nothing was graded yet.

    Raises:
        ClassError: a record is damaged.
    """
    found = [_load(path) for path in sorted(outcomes_folder(class_dir, unit).glob("*.json"))]
    return {one.student: one for one in found if one is not None}


def load_outcome(class_dir: Path, unit: str, student: str) -> Graded | None:
    """One student's result; None where nothing was graded. Raises as `load_outcomes`."""
    return _load(_path(class_dir, unit, student))


def save_outcome(class_dir: Path, unit: str, graded: Graded) -> Path:
    """Write the result of one student, whole or not at all."""
    return write_json(_path(class_dir, unit, graded.student), asdict(graded))


def _path(class_dir: Path, unit: str, student: str) -> Path:
    return outcomes_folder(class_dir, unit) / f"{student}.json"


def _load(path: Path) -> Graded | None:
    entry = read_json(path)
    if entry is None:
        return None
    try:
        verdicts = [Verdict(**{**one, "outcome": Outcome(one["outcome"])}) for one in entry["verdicts"]]
        return Graded(**{**entry, "verdicts": verdicts})
    except (TypeError, ValueError, KeyError) as error:
        raise ClassError(f"{path} is damaged ({error}): delete it, and the submission is graded again") from error
