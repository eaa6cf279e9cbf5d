"""`cvcourse demo`: a class of 24, made, collected, graded, reported, and compared with what it must get."""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cvcourse.errors import ClassError
from cvcourse.grading.assignment import Assignment, load_assignment
from cvcourse.grading.bridge import LatePolicy
from cvcourse.grading.cells import TestCell
from cvcourse.grading.collect import collect
from cvcourse.grading.demo_cases import CASES, EVERYTHING, UNIT, Case
from cvcourse.grading.demo_files import DUE, material, student_id, write_export, write_roster
from cvcourse.grading.due import set_due
from cvcourse.grading.enrol import enrol
from cvcourse.grading.execute import Limits
from cvcourse.grading.grade import Options, grade_class
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.isolation import diagnose
from cvcourse.grading.outcomes import Graded, Outcome, load_outcomes
from cvcourse.grading.report import Report, report
from cvcourse.paths import CoursePaths, course_paths

MARKER = ".cvcourse-demo"
LIMITS = Limits(cell=20.0, notebook=150.0)
LATE = LatePolicy.parse("10")
LATE_SHARE = 0.8  # a day and a half late: two days begun, 10 percent each
PROGRESS = Callable[[str], Callable[[list[str]], Callable[[str], None]]]


@dataclass
class DemoRow:
    """One student: what was handed in, what it must give and what it gave.

    Attributes:
        student: id.
        name: as a person reads it.
        what: was handed in.
        expected: points that its answers must get.
        given: points in the gradebook.
        status: `graded` or `broken`.
        problems: what differs from the plan; empty where nothing does.
        remark: the grader's reason or notes.
    """

    student: str
    name: str
    what: str
    expected: float
    given: float | None
    status: str
    problems: list[str] = field(default_factory=list)
    remark: str = ""


@dataclass
class Demo:
    """The result of a run of the demo."""

    rows: list[DemoRow]
    aside: list[dict[str, str]]
    files: dict[str, str]
    seconds: float
    notes: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether everybody got what they must get."""
        return len(self.rows) == len(CASES) and not any(row.problems for row in self.rows)

    def as_dict(self) -> dict:
        """The same as plain data."""
        return {**asdict(self), "clean": self.clean}


def run_demo(paths: CoursePaths, folder: Path | None, bars: PROGRESS) -> Demo:
    """Make the class of the demo anew in its own folder and take it through every step.

    Args:
        paths: of the checkout.
        folder: the class; default `class/demo` of the checkout.
        bars: makes a progress bar for a title.

    Raises:
        ClassError: the folder holds something else, or the unit is not built.
    """
    began = time.monotonic()
    source = material(paths.root)
    assignment = load_assignment(paths.solutions / UNIT / f"{UNIT}.ipynb", UNIT)
    class_dir = fresh_folder(folder or paths.root / "class" / "demo")
    mine = course_paths(class_dir, paths.root)
    with _own_gradebook():
        export = class_dir / "export"
        export.mkdir()
        enrol(mine, write_roster(export / "gradebook.csv", assignment.points))
        with open_gradebook(mine) as gradebook:
            set_due(gradebook, UNIT, DUE)
        collect(mine, write_export(export / "submissions.zip", source), UNIT)
        # The answers are the course's own: the demo also runs where strangers' code must not.
        options = Options(late=LATE, limits=LIMITS, sandbox=diagnose().mode != "none")
        notes = grade_class(mine, UNIT, options, progress=bars("Grading")).notes
        result = report(mine, UNIT, progress=bars("Feedback"))
        outcomes = load_outcomes(class_dir, UNIT)
        files = {"gradebook": mine.gradebook, **result.files}
    rows = compare(assignment, result, outcomes)
    return Demo(rows, result.aside, files, time.monotonic() - began, notes)


def fresh_folder(folder: Path) -> Path:
    """An empty folder for the demo; one that an earlier demo made is emptied, any other is left alone.

    Raises:
        ClassError: the folder holds something that no demo made.
    """
    folder = folder.expanduser().resolve()
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise ClassError(f"{folder} is not a demo's folder and is left alone: give an empty one with --class")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("Made by `cvcourse demo`, which deletes this folder when it runs again.\n", "utf-8")
    return folder


@contextlib.contextmanager
def _own_gradebook() -> Iterator[None]:
    """The demo writes its own SQLite file, even where the environment names the gradebook of a real class."""
    before = os.environ.pop("CVCOURSE_GRADEBOOK", None)
    try:
        yield
    finally:
        if before is not None:
            os.environ["CVCOURSE_GRADEBOOK"] = before


def must_lose(case: Case, tests: list[TestCell]) -> set[str]:
    """The grade_ids of the tests that a case's answers must fail, from the plan alone."""
    lost = set()
    for test in tests:
        kept = any(test.grade_id.startswith(f"{exercise}_") for exercise in case.keeps)
        for exercise, ends in case.loses.items():
            mine = not kept if exercise == EVERYTHING else test.grade_id.startswith(f"{exercise}_")
            if mine and (ends == EVERYTHING or test.grade_id.removeprefix(f"{exercise}_") in ends.split()):
                lost.add(test.grade_id)
    return lost


def expected_points(case: Case, tests: list[TestCell]) -> float:
    """What a case must get: the points of the tests that it does not lose, less the late penalty."""
    lost = must_lose(case, tests)
    kept = sum(test.points for test in tests if test.grade_id not in lost)
    return kept * (LATE_SHARE if case.late else 1.0)


def compare(assignment: Assignment, result: Report, outcomes: dict[str, Graded]) -> list[DemoRow]:
    """Set every student's result beside the plan."""
    by_id = {one.student: one for one in result.students}
    rows = []
    for number, case in enumerate(CASES, start=1):
        student = student_id(number)
        got, graded = by_id[student], outcomes.get(student)
        row = DemoRow(student, got.name, case.what, expected_points(case, assignment.tests), got.points, got.status)
        row.remark = got.reason or "; ".join(graded.notes if graded else [])
        row.problems = _problems(case, row, assignment.tests, graded)
        rows.append(row)
    return rows


def _problems(case: Case, row: DemoRow, tests: list[TestCell], graded: Graded | None) -> list[str]:
    if graded is None:
        return ["was not graded"]
    problems = []
    if row.given is None or abs(row.given - row.expected) > 1e-6:
        problems.append(f"{row.given} points instead of {row.expected:g}")
    if row.status != case.status:
        problems.append(f"{row.status} instead of {case.status}")
    lost = {one.grade_id for one in graded.verdicts if one.outcome != Outcome.PASSED}
    if wrong := lost ^ must_lose(case, tests):
        problems.append(f"lost or kept against the plan: {', '.join(sorted(wrong))}")
    for one in graded.verdicts:
        for exercise, outcome in case.outcomes.items():
            mine = exercise == EVERYTHING or one.grade_id.startswith(f"{exercise}_")
            if mine and one.grade_id in lost and one.outcome != outcome:
                problems.append(f"{one.grade_id} {one.outcome} instead of {outcome}")
    return problems
