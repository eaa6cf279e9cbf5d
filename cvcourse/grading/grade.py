"""`cvcourse grade`: every submission of a unit executed, judged, and entered into nbgrader's gradebook.

Notebooks run at the same time, the gradebook is written by one thread; what is graded is recorded at once, so that a
run can be stopped and started again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from nbgrader.converters.base import NbGraderException

from cvcourse.errors import ClassError, CourseError
from cvcourse.grading import bridge
from cvcourse.grading.assignment import Assignment, load_assignment
from cvcourse.grading.collection import Collection, load_collection, submitted_notebook
from cvcourse.grading.execute import Limits, execute
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.marking import Marked, mark
from cvcourse.grading.outcomes import Graded, Outcome, Verdict, load_outcomes, save_outcomes
from cvcourse.grading.roster import Roster, load_roster
from cvcourse.grading.seeds import seed_for
from cvcourse.paths import CoursePaths

NOTHING = "nothing handed in"


@dataclass
class Row:
    """One student in the table of a run.

    Attributes:
        student: id on the roster.
        name: as a person reads it.
        status: `graded`, `unchanged` (graded by an earlier run), `broken`, `fault`, `no submission`.
        points: what the gradebook holds, manual points included and the late penalty taken off; None without one.
        penalty: what lateness cost.
        reason: for all but `graded` and `unchanged`.
        notes: what was repaired.
        seconds: how long the cells ran.
    """

    student: str
    name: str
    status: str
    points: float | None = None
    penalty: float = 0.0
    reason: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class ClassGrades:
    """The result of a run.

    Attributes:
        unit: the assignment.
        max_points: what it is worth.
        rows: one per student of the roster.
        aside: files that were set aside when they were collected, with the reason.
    """

    unit: str
    max_points: float
    rows: list[Row]
    aside: list[dict[str, str]]

    @property
    def clean(self) -> bool:
        """Whether there is nothing that the instructor should look at."""
        return not self.aside and not any(row.status in ("broken", "fault") for row in self.rows)

    def as_dict(self) -> dict:
        """The same as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Job:
    """One submission to be marked."""

    student: str
    data: bytes
    key: str


def submission_key(data: bytes, assignment: Assignment, seed: str, limits: Limits) -> str:
    """A hash of all that a result depends on."""
    digest = hashlib.sha256(data)
    digest.update(json.dumps([assignment.hash, seed, asdict(limits)], sort_keys=True).encode())
    return digest.hexdigest()


def fault(assignment: Assignment, reason: str) -> list[Verdict]:
    """No points anywhere because the grader itself failed."""
    return [
        Verdict(test.grade_id, test.exercise, Outcome.FAULT, 0.0, test.points, reason, test.hidden)
        for test in assignment.tests
    ]


def as_graded(job: Job, marked: Marked) -> Graded:
    """What is recorded of a marked submission; without a key, so graded again next time, after a grader's fault."""
    failed = any(verdict.outcome == Outcome.FAULT for verdict in marked.verdicts)
    key, seconds = "" if failed else job.key, round(marked.seconds, 2)
    return Graded(job.student, key, marked.verdicts, marked.broken, marked.notes, seconds)


class Run:
    """One run of `cvcourse grade` over a class.

    Args:
        paths: of the class.
        unit: full name of the assignment.
        limits: time and output of each submission.
        workers: how many notebooks run at a time.
    """

    def __init__(self, paths: CoursePaths, unit: str, limits: Limits, workers: int = 2) -> None:
        self.paths, self.unit, self.limits, self.workers = paths, unit, limits, workers
        self.roster: Roster = load_roster(paths.class_dir)
        self.collection: Collection = load_collection(paths.class_dir, unit)
        self.assignment = load_assignment(paths.solutions / unit / f"{unit}.ipynb", unit)
        self.outcomes = load_outcomes(paths.class_dir, unit)
        self.seed = seed_for(paths.class_dir, unit)

    def jobs(self, students: list[str], regrade: bool) -> Iterator[Job]:
        """The submissions that have no result yet, or another one than would come out today."""
        with open_gradebook(self.paths) as gradebook:
            entered = {submission.student.id for submission in gradebook.assignment_submissions(self.unit)}
        for student in students:
            data = self._bytes(student)
            if data is None:
                continue
            job = Job(student, data, submission_key(data, self.assignment, self.seed, self.limits))
            done = self.outcomes.get(student)
            there = self.paths.class_dir / "autograded" / student / self.unit / f"{self.unit}.ipynb"
            if regrade or done is None or done.key != job.key or student not in entered or not there.is_file():
                yield job

    def _bytes(self, student: str) -> bytes | None:
        """The file that counts; None where nothing was handed in."""
        try:
            return submitted_notebook(self.paths.class_dir, student, self.unit).read_bytes()
        except FileNotFoundError:
            entry = self.collection.taken().get(student)
            return None if entry is None else b""
        except OSError:  # a folder, or a file without the right to read it: graded as an empty one
            return b""

    def execute(self, jobs: list[Job], progress: Callable[[str], None]) -> None:
        """Mark all jobs and record each as soon as it is done."""
        pool = ThreadPoolExecutor(max_workers=self.workers, thread_name_prefix="mark")
        try:
            running = {pool.submit(self._mark, job): job for job in jobs}
            for future in as_completed(running):
                self.record(running[future], self._result(future))
                progress(running[future].student)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _mark(self, job: Job) -> Marked:
        return mark(self.assignment.source, job.data, self.seed, self.limits, stubs=self.assignment.stubs, run=execute)

    def _result(self, future: Future) -> Marked | str:
        """The marked notebook, or what the grader itself failed with."""
        try:
            return future.result()
        except CourseError:
            raise  # no kernel at all: not this student's defect
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    def record(self, job: Job, result: Marked | str) -> None:
        """Enter one result into gradebook and outcomes; where nbgrader cannot take it, no points and the reason."""
        if isinstance(result, Marked):
            graded, problem = as_graded(job, result), self._enter(job, result)
        else:
            graded, problem = Graded(job.student, job.key, []), result
        if problem:
            bridge.record_nothing(self.paths, self.unit, job.student)
            graded = replace(graded, key="", verdicts=fault(self.assignment, problem))
        self.outcomes[job.student] = graded
        save_outcomes(self.paths.class_dir, self.unit, self.outcomes)

    def _enter(self, job: Job, marked: Marked) -> str:
        """Hand a result to nbgrader and compare the points that it comes to; what went wrong, or an empty text."""
        _make_readable(submitted_notebook(self.paths.class_dir, job.student, self.unit))
        try:
            bridge.autograde(self.paths, self.unit, job.student, marked)
        except NbGraderException as error:
            return f"nbgrader could not take the notebook: {error}"
        entered = bridge.recorded_points(self.paths, self.unit, job.student)
        expected = {verdict.grade_id: verdict.points for verdict in marked.verdicts}
        wrong = sorted(name for name in expected if entered.get(name, -1.0) != expected[name] is not None)
        return f"nbgrader counted other points for {', '.join(wrong)}" if wrong else ""

    def rows(self, fresh: set[str], penalties: dict[str, float]) -> list[Row]:
        """The table of the class, from the outcomes and the gradebook's points."""
        with open_gradebook(self.paths) as gradebook:
            scores = {one.student.id: one.score for one in gradebook.notebook_submissions(self.unit, self.unit)}
        return [self._row(student.id, student.name, fresh, scores, penalties) for student in self.roster]

    def _row(self, student: str, name: str, fresh: set[str], scores: dict, penalties: dict[str, float]) -> Row:
        graded = self.outcomes.get(student)
        if graded is None:
            return Row(student, name, "no submission", reason=self.collection.why_missing(student))
        penalty = penalties.get(student, 0.0)
        points = max(scores.get(student, 0.0) - penalty, 0.0)
        row = Row(student, name, "graded" if student in fresh else "unchanged", points, penalty)
        row.notes, row.seconds = graded.notes, graded.seconds
        if graded.broken:
            row.status, row.reason = "broken", graded.broken
        elif graded.faulty:
            row.status = "fault"
            row.reason = next(v.reason for v in graded.verdicts if v.outcome == Outcome.FAULT)
        return row


def _make_readable(path: Path) -> None:
    """nbgrader finds a submission by its file: an entry whose file cannot be read gets an empty one to stand for it."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def grade_class(
    paths: CoursePaths,
    unit: str,
    *,
    late: bridge.LatePolicy | None = None,
    students: list[str] | None = None,
    regrade: bool = False,
    limits: Limits | None = None,
    workers: int = 2,
    progress: Callable[[list[str]], Callable[[str], None]] | None = None,
) -> ClassGrades:
    """Grade what was handed in for a unit and is not graded yet.

    Args:
        paths: of the class.
        unit: full name of the assignment.
        late: what late work loses (default: nothing).
        students: only these ids.
        regrade: also what is graded already and has not changed.
        limits: see `Limits`.
        workers: notebooks at a time.
        progress: gets the ids to be graded, gives what is called after each of them.

    Raises:
        ClassError: no roster, no assignment, gradebook in use, an unknown student, or no kernel.
    """
    run = Run(paths, unit, limits or Limits(), workers)
    unknown = [student for student in students or [] if student not in run.roster]
    if unknown:
        raise ClassError(f"not on the roster: {', '.join(unknown)}; `roster.csv` in {paths.class_dir} lists the ids")
    bridge.enter_assignment(paths, unit)
    bridge.enter_students(paths, run.roster)
    jobs = list(run.jobs(students or list(run.roster.students), regrade))
    names = [job.student for job in jobs]
    run.execute(jobs, progress(names) if progress else lambda student: None)
    penalties = bridge.assign_penalties(paths, unit, late or bridge.LatePolicy())
    aside = [{"file": e.file, "student": e.student or "", "reason": e.reason} for e in run.collection.aside()]
    return ClassGrades(unit, run.assignment.points, run.rows(set(names), penalties), aside)


def mark_for_nbgrader(coursedir, unit: str, student: str, data: bytes) -> Marked:
    """Mark one submission for a plain `nbgrader autograde` or formgrader's button, and record its outcome."""
    class_dir = Path(coursedir.submitted_directory).parent
    source = Path(coursedir.format_path(coursedir.source_directory, ".", unit)) / f"{unit}.ipynb"
    assignment, seed, limits = load_assignment(source, unit), seed_for(class_dir, unit), Limits()
    marked = mark(assignment.source, data, seed, limits, stubs=assignment.stubs, run=execute)
    outcomes = load_outcomes(class_dir, unit)
    outcomes[student] = as_graded(Job(student, data, submission_key(data, assignment, seed, limits)), marked)
    save_outcomes(class_dir, unit, outcomes)
    return marked
