"""How each test cell of a submission ended, and the record of it in the class folder (`outcomes/UNIT.json`)."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

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
        key: hash of all that the result depends on; another key means that it must be graded anew.
        verdicts: one per test cell, in the order of the assignment.
        broken: why the file is no notebook of this assignment, or empty.
        notes: what was repaired or is odd about the notebook.
        seconds: how long its cells ran.
    """

    student: str
    key: str
    verdicts: list[Verdict]
    broken: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

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


def outcomes_path(class_dir: Path, unit: str) -> Path:
    """Where the record of a unit lies."""
    return class_dir / "outcomes" / f"{unit}.json"


def load_outcomes(class_dir: Path, unit: str) -> dict[str, Graded]:
    """The results of a unit by student id, empty where nothing was graded yet.

    Raises:
        ClassError: the record is damaged.
    """
    data = read_json(outcomes_path(class_dir, unit), {"students": []})
    return {entry["student"]: _from_json(entry) for entry in data["students"]}


def _from_json(entry: dict) -> Graded:
    verdicts = [Verdict(**{**one, "outcome": Outcome(one["outcome"])}) for one in entry["verdicts"]]
    return Graded(**{**entry, "verdicts": verdicts})


def save_outcomes(class_dir: Path, unit: str, outcomes: dict[str, Graded]) -> Path:
    """Write the results of a unit, whole or not at all."""
    data = {"unit": unit, "students": [asdict(outcomes[student]) for student in sorted(outcomes)]}
    return write_json(outcomes_path(class_dir, unit), data)
