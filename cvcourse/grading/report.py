"""`cvcourse report`: what goes back to the platform and to the students, and how the class did."""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from cvcourse.errors import ClassError
from cvcourse.grading import page_process
from cvcourse.grading.assignment import load_assignment
from cvcourse.grading.collect import is_late
from cvcourse.grading.collection import Entry, load_collection
from cvcourse.grading.due import due_dates
from cvcourse.grading.feedback import PAGE, feedback_page
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.outcomes import Graded, Outcome, load_outcomes
from cvcourse.grading.platform_csv import fill
from cvcourse.grading.report_plot import draw_class
from cvcourse.grading.roster import ORIGINAL, Roster, load_roster
from cvcourse.grading.seeds import seed_for
from cvcourse.grading.store import write_bytes, write_json
from cvcourse.paths import CoursePaths


@dataclass
class ExerciseResult:
    """How the class did in one exercise.

    Attributes:
        name: its heading.
        max_points: what it is worth.
        mean: mean points of those who handed something in.
        outcomes: how many test cells of the class ended in each way.
        tests: the same per test cell.
    """

    name: str
    max_points: float
    mean: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)
    tests: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass
class StudentResult:
    """One line of the class table; `points` has the late penalty taken off and is None where nothing was graded."""

    student: str
    name: str
    status: str
    points: float | None = None
    penalty: float = 0.0
    late: bool = False
    reason: str = ""
    exercises: dict[str, float] = field(default_factory=dict)


@dataclass
class Report:
    """What was made; the paths are absolute. For the instructor: it holds the seed of the hidden inputs."""

    unit: str
    max_points: float
    seed: str
    students: list[StudentResult]
    exercises: list[ExerciseResult]
    aside: list[dict[str, str]]
    notes: list[str]
    files: dict[str, str]

    def as_dict(self) -> dict:
        """The same as plain data."""
        return asdict(self)


def report(
    paths: CoursePaths,
    unit: str,
    *,
    column: str | None = None,
    progress: Callable[[list[str]], Callable[[str], None]] = lambda names: lambda student: None,
) -> Report:
    """Make everything that a class gets after grading, in `reports/UNIT/` of the class folder.

    Args:
        paths: of the class.
        unit: full name of the assignment.
        column: header of the assignment's column in the platform's CSV, where its name alone does not tell.
        progress: gets the ids of those who get a page, gives what is called after each of them.

    Raises:
        ClassError: nothing was graded yet, or the platform's file does not fit.
    """
    roster, outcomes = load_roster(paths.class_dir), load_outcomes(paths.class_dir, unit)
    if not outcomes:
        raise ClassError(f"nothing is graded yet: run `cvcourse grade {unit}` first")
    page_process.start(PAGE)
    assignment = load_assignment(paths.solutions / unit / f"{unit}.ipynb", unit)
    collection = load_collection(paths.class_dir, unit)
    students = _students(paths, unit, roster, outcomes)
    exercises = _exercises(assignment.tests, students, outcomes)
    folder = paths.class_dir / "reports" / unit
    points = {one.student: one.points for one in students if one.points is not None}
    original = paths.class_dir / ORIGINAL
    notes, files = _warnings(outcomes), {}
    if original.is_file():
        filled = fill(original.read_bytes(), roster, unit, points, assignment.points, column)
        notes += filled.notes
        files["platform"] = str(write_bytes(folder / f"{unit}-{roster.kind}.csv", filled.data))
    files["class"] = str(write_bytes(folder / f"{unit}-class.csv", _class_csv(students, exercises)))
    files["plot"] = str(write_bytes(folder / f"{unit}-class.png", draw_class(unit, exercises)))
    feedback, without = _feedback(paths, unit, roster, outcomes, folder, progress)
    files["feedback"], notes = str(feedback), notes + without
    files["pages"] = str(paths.class_dir / "feedback")
    aside = [{"file": one.file, "student": one.student or "", "reason": one.reason} for one in collection.aside()]
    result = Report(unit, assignment.points, seed_for(paths.class_dir, unit), students, exercises, aside, notes, files)
    write_json(folder / f"{unit}-report.json", result.as_dict())
    return result


def _warnings(outcomes: dict[str, Graded]) -> list[str]:
    """What the instructor should know of how the points came about."""
    unsafe = sorted(student for student, graded in outcomes.items() if not graded.sandbox)
    refused = sorted(s for s, graded in outcomes.items() if any(v.outcome == Outcome.REFUSED for v in graded.verdicts))
    notes = []
    if unsafe:
        notes.append(f"graded without a wall around the submission (--unsafe-no-sandbox): {', '.join(unsafe)}")
    if refused:
        notes.append(f"a test was refused, most often because the reference was called: {', '.join(refused)}")
    return notes


def _students(paths: CoursePaths, unit: str, roster: Roster, outcomes: dict[str, Graded]) -> list[StudentResult]:
    """Everybody of the roster, with the gradebook's points (changes by hand and penalties included)."""
    collection = load_collection(paths.class_dir, unit)
    with open_gradebook(paths) as gradebook:
        dates = due_dates(paths, unit, gradebook)
        notebooks = {one.student.id: one for one in gradebook.notebook_submissions(unit, unit)}
        scores = {key: {grade.name: grade.score for grade in one.grades} for key, one in notebooks.items()}
        penalties = {key: one.late_submission_penalty or 0.0 for key, one in notebooks.items()}
    taken, results = collection.taken(), []
    for student in roster:
        graded = outcomes.get(student.id)
        if graded is None:
            why = "collected, but not graded yet" if student.id in taken else collection.why_missing(student.id)
            results.append(StudentResult(student.id, student.name, "no submission", reason=why))
            continue
        one = StudentResult(student.id, student.name, "graded", penalty=penalties.get(student.id, 0.0))
        one.late = student.id in taken and is_late(taken[student.id], dates)
        one.exercises = _by_exercise(graded, scores.get(student.id, {}))
        one.points = max(sum(one.exercises.values()) - one.penalty, 0.0)
        if graded.broken:
            one.status, one.reason = "broken", graded.broken
        elif graded.faulty:
            one.status, one.points = "not graded", None
            one.reason = next(v.reason for v in graded.verdicts if v.outcome == Outcome.FAULT)
        results.append(one)
    return results


def _by_exercise(graded: Graded, scores: dict[str, float]) -> dict[str, float]:
    points: dict[str, float] = {}
    for verdict in graded.verdicts:
        score = scores.get(verdict.grade_id, verdict.points)
        points[verdict.exercise] = points.get(verdict.exercise, 0.0) + (score or 0.0)
    return points


def _exercises(tests: list, students: list[StudentResult], outcomes: dict[str, Graded]) -> list[ExerciseResult]:
    results: dict[str, ExerciseResult] = {}
    for test in tests:
        one = results.setdefault(test.exercise, ExerciseResult(test.exercise, 0.0))
        one.max_points += test.points
        one.tests[test.grade_id] = {}
    enrolled = {one.student for one in students}
    verdicts = [v for key, graded in outcomes.items() if key in enrolled for v in graded.verdicts]
    for name, one in results.items():
        reached = [student.exercises[name] for student in students if name in student.exercises]
        one.mean = sum(reached) / len(reached) if reached else 0.0
        one.outcomes = dict(Counter(str(v.outcome) for v in verdicts if v.exercise == name))
        for test in one.tests:
            one.tests[test] = dict(Counter(str(v.outcome) for v in verdicts if v.grade_id == test))
    return list(results.values())


def _class_csv(students: list[StudentResult], exercises: list[ExerciseResult]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    names = [one.name for one in exercises]
    head = ["student", "name", "status", "points", "late", "penalty", *names, "reason"]
    writer.writerow(map(_no_formula, head))
    for one in students:
        points = [one.exercises.get(name, "") for name in names]
        total = "" if one.points is None else one.points
        late = "yes" if one.late else ""
        row = [one.student, one.name, one.status, total, late, one.penalty or "", *points, one.reason]
        writer.writerow(map(_no_formula, row))
    return text.getvalue().encode("utf-8-sig")


def _no_formula(cell: str | float) -> str | float:
    """A cell that a spreadsheet takes for what it says: names and reasons are strangers' texts."""
    if not isinstance(cell, str):
        return cell
    mark = "'" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else ""
    return mark + cell.replace("\r", " ")  # which `csv` does not quote, so that a row would begin behind it


def _feedback(
    paths: CoursePaths,
    unit: str,
    roster: Roster,
    outcomes: dict[str, Graded],
    folder: Path,
    progress: Callable[[list[str]], Callable[[str], None]],
) -> tuple[Path, list[str]]:
    """One page a student, all of them in a zip laid out as the platform's bulk upload wants it, and what went wrong."""
    taken, pages, notes = load_collection(paths.class_dir, unit).taken(), {}, []
    graded = [student.id for student in roster if student.id in outcomes]
    advance = progress(graded)
    for student in graded:
        made = feedback_page(paths, unit, student)
        pages[upload_name(student, unit, taken.get(student))] = made.page.read_bytes()
        if made.problem:
            notes.append(f"{student} gets the outcomes without the notebook: {made.problem}")
        advance(student)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(pages.items()):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return write_bytes(folder / f"{unit}-feedback.zip", packed.getvalue()), notes


def upload_name(student: str, unit: str, entry: Entry | None) -> str:
    """How the platform's bulk upload knows whose page it is: by the name of the file that was handed in.

    Canvas reads the user's and the file's number from it, Moodle the name of the folder.
    """
    if entry is None or entry.file.startswith("submitted/"):
        return f"{student}/{unit}.html"
    parts = PurePosixPath(entry.file).parts
    packed = next((number for number, part in enumerate(parts) if part.lower().endswith(".zip")), len(parts) - 1)
    return str(PurePosixPath(*parts[: packed + 1]).with_suffix(".html"))
