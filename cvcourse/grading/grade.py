"""`cvcourse grade`: every submission of a unit executed, judged, and entered into nbgrader's gradebook.

Submissions are marked on a `Farm`, the gradebook has one writer; what is graded is recorded at once, so that a run can
be stopped and started again.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import nbformat
from nbgrader.converters.base import NbGraderException

from cvcourse.errors import ClassError
from cvcourse.grading import bridge
from cvcourse.grading.assignment import Assignment, load_assignment
from cvcourse.grading.cells import grade_id, is_test
from cvcourse.grading.choose import handed_in_together
from cvcourse.grading.class_config import class_config
from cvcourse.grading.collection import Collection, load_collection, submitted_notebook
from cvcourse.grading.execute import Limits
from cvcourse.grading.farm import Farm, Work
from cvcourse.grading.keys import Keys, whole_key
from cvcourse.grading.ledger import Ledger
from cvcourse.grading.marking import Marked, as_graded, unusable
from cvcourse.grading.outcomes import Graded, Outcome, Verdict, load_outcomes, save_outcome
from cvcourse.grading.release import refuse_old_tests
from cvcourse.grading.roster import Roster, load_roster
from cvcourse.grading.seeds import new_seed, seed_for
from cvcourse.grading.store import only_writer, write_all
from cvcourse.paths import CoursePaths

Progress = Callable[[list[str]], Callable[[str], None]]


@dataclass
class Row:
    """One student in the table of a run.

    Attributes:
        student: id on the roster.
        name: as a person reads it.
        status: `graded`, `unchanged` (graded by an earlier run), `broken`, `fault`, `no submission`.
        points: what the gradebook holds, manual points included and the late penalty taken off; None without one.
        before: what they were before this run, where they were others; else None.
        penalty: what lateness cost.
        reason: for all but `graded` and `unchanged`.
        notes: what was repaired.
        seconds: CPU time of the cells.
    """

    student: str
    name: str
    status: str
    points: float | None = None
    before: float | None = None
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
        rows: one per student of the roster, or of those who were to be graded.
        aside: files that were set aside when they were collected, with the reason.
        notes: what is odd about the run as a whole.
    """

    unit: str
    max_points: float
    rows: list[Row]
    aside: list[dict[str, str]]
    notes: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether there is nothing that the instructor should look at."""
        return not self.aside and not any(row.status in ("broken", "fault") for row in self.rows)

    def as_dict(self) -> dict:
        """The same as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Options:
    """How a class is graded.

    Attributes:
        students: only these ids; None for all.
        regrade: run every test again, also where its verdict still holds.
        new_seed: draw other hidden inputs, which grades everybody anew.
        limits: of time and output; None for the assignment's own.
        workers: notebooks at a time.
        processes: worker processes on this machine.
        scheduler: address of a Dask scheduler; None for a cluster on this machine.
        sandbox: whether submissions run behind walls.
        late: what late work loses.
    """

    students: list[str] | None = None
    regrade: bool = False
    new_seed: bool = False
    limits: Limits | None = None
    workers: int = 2
    processes: int = 1
    scheduler: str | None = None
    sandbox: bool = True
    late: bridge.LatePolicy = field(default_factory=bridge.LatePolicy)


def fault(assignment: Assignment, reason: str) -> list[Verdict]:
    """No points anywhere because the grader itself failed."""
    return [
        Verdict(test.grade_id, test.exercise, Outcome.FAULT, 0.0, test.points, reason, test.hidden)
        for test in assignment.tests
    ]


class Run:
    """One run of `cvcourse grade` over a class, with the one writer of its gradebook."""

    def __init__(
        self, paths: CoursePaths, roster: Roster, assignment: Assignment, options: Options, ledger: Ledger
    ) -> None:
        unit = assignment.unit
        self.paths, self.unit, self.options, self.ledger = paths, unit, options, ledger
        self.roster, self.assignment = roster, assignment
        self.collection: Collection = load_collection(paths.class_dir, unit)
        self.outcomes = load_outcomes(paths.class_dir, unit)
        self.seed = (new_seed if options.new_seed else seed_for)(paths.class_dir, unit)
        self.limits = options.limits or self.assignment.limits
        self.keys = Keys(self.assignment, self.seed, self.limits, options.sandbox)
        self.taken: dict[str, dict[str, str]] = {}
        self.unreadable: dict[str, str] = {}
        self.fresh: set[str] = set()
        self.notes: list[str] = []

    def due(self) -> list[str]:
        """The students with a submission that has no result yet, or another one than would come out today."""
        entered, due = self.ledger.entered(), []
        for student in self.options.students or list(self.roster.students):
            data = self._bytes(student)
            if data is None:
                continue
            done = self.outcomes.get(student)
            there = self._autograded(student).is_file() and student in entered
            if self.options.regrade or done is None or done.keys != self.keys.of(data) or not there:
                due.append(student)
        return due

    def works(self, students: list[str]) -> Iterator[Work]:
        """What is to be marked; a file is read when its turn comes, for a large class does not fit into memory."""
        for student in students:
            data = self._bytes(student) or b""
            self.taken[student] = keys = self.keys.of(data)
            yield Work(whole_key(student, keys), student, data, self._still_valid(student, keys))

    def _still_valid(self, student: str, keys: dict[str, str]) -> dict[str, Verdict]:
        done = self.outcomes.get(student)
        if self.options.regrade or done is None or not self._autograded(student).is_file():
            return {}
        return {one.grade_id: one for one in done.verdicts if done.keys.get(one.grade_id) == keys.get(one.grade_id)}

    def _bytes(self, student: str) -> bytes | None:
        """The file that counts; None where nothing was handed in. What cannot be read is graded as an empty file."""
        path = submitted_notebook(self.paths.class_dir, student, self.unit)
        try:
            if any(one.is_symlink() for one in (path, *path.parents[:2])):
                self.unreadable[student] = "the file is a link, and where it leads is not looked at"
                return b""
            return path.read_bytes()
        except FileNotFoundError:
            entry = self.collection.taken().get(student)
            return None if entry is None else b""
        except OSError as error:
            self.unreadable[student] = f"the file cannot be read ({error.strerror})"
            return b""

    def _autograded(self, student: str) -> Path:
        return self.paths.class_dir / "autograded" / student / self.unit / f"{self.unit}.ipynb"

    def execute(self, students: list[str], progress: Callable[[str], None]) -> None:
        """Mark all of them and record each as soon as it is done."""
        options = self.options
        with Farm(
            self.assignment,
            self.seed,
            self.limits,
            workers=options.workers,
            processes=options.processes,
            scheduler=options.scheduler,
            sandbox=options.sandbox,
        ) as farm:
            for work, result in farm.mark(self.works(students)):
                self.record(work, result)
                progress(work.student)
            self.notes += farm.notes

    def record(self, work: Work, result: Marked | str) -> None:
        """Enter one result into gradebook and outcomes; where nbgrader cannot take it, no points and the reason."""
        student, keys = work.student, self.taken.pop(work.student)
        if isinstance(result, Marked):
            if student in self.unreadable:
                result = unusable(self.assignment.source, self.unreadable[student])
            carry_outputs(result, self._autograded(student), set(work.earlier))
            graded, problem = (
                as_graded(student, keys, result, self.options.sandbox),
                self._enter(student, result, set(work.earlier)),
            )
        else:
            graded, problem = Graded(student, {}, [], sandbox=self.options.sandbox), result
        if problem:
            self.ledger.enter_nothing(student)
            graded = replace(graded, keys={}, verdicts=fault(self.assignment, problem))
        self.outcomes[student] = graded
        save_outcome(self.paths.class_dir, self.unit, graded)
        self.fresh.add(student)

    def _enter(self, student: str, marked: Marked, kept: set[str]) -> str:
        """Enter a result and compare the points that nbgrader's rule comes to; what went wrong, or an empty text."""
        try:
            entered = self.ledger.enter(student, marked, kept)
        except NbGraderException as error:
            return f"nbgrader could not take the notebook: {error}"
        expected = {verdict.grade_id: verdict.points for verdict in marked.verdicts}
        wrong = sorted(name for name in expected if entered.get(name, -1.0) != expected[name] is not None)
        return f"nbgrader counted other points for {', '.join(wrong)}" if wrong else ""

    def rows(self, before: dict[str, float], penalties: dict[str, float]) -> list[Row]:
        """The table of the class, from the outcomes and the gradebook's points."""
        scores = self.ledger.scores()
        wanted = set(self.options.students or self.roster.students)
        return [self._row(one.id, one.name, before, scores, penalties) for one in self.roster if one.id in wanted]

    def _row(
        self, student: str, name: str, before: dict[str, float], scores: dict[str, float], penalties: dict[str, float]
    ) -> Row:
        graded = self.outcomes.get(student)
        if graded is None:
            return Row(student, name, "no submission", reason=self.collection.why_missing(student))
        penalty = penalties.get(student, 0.0)
        points = max(scores.get(student, 0.0) - penalty, 0.0)
        row = Row(student, name, "graded" if student in self.fresh else "unchanged", points, penalty=penalty)
        several = handed_in_together(self.collection.entries, student)
        row.notes, row.seconds = graded.notes + [several] * bool(several), graded.seconds
        if student in before and abs(before[student] - points) > 1e-9:
            row.before = before[student]
        if graded.broken:
            row.status, row.reason = "broken", graded.broken
        elif graded.faulty:
            row.status = "fault"
            row.reason = next(v.reason for v in graded.verdicts if v.outcome == Outcome.FAULT)
        return row


def carry_outputs(marked: Marked, autograded: Path, kept: set[str]) -> None:
    """Give tests that were not run again the outputs that they had, from the notebook of the earlier run."""
    if not kept:
        return
    try:
        old = nbformat.read(autograded, as_version=4)
    except (OSError, ValueError):  # gone or damaged: the reasons of the verdicts stand in the notebook
        return
    outputs = {grade_id(cell): (cell.outputs, cell.execution_count) for cell in old.cells if is_test(cell)}
    for cell in marked.notebook.cells:
        if is_test(cell) and grade_id(cell) in kept & outputs.keys():
            cell.outputs, cell.execution_count = outputs[grade_id(cell)]


def grade_class(
    paths: CoursePaths, unit: str, options: Options | None = None, *, progress: Progress | None = None
) -> ClassGrades:
    """Grade what was handed in for a unit and is not graded yet.

    Args:
        paths: of the class.
        unit: full name of the assignment.
        options: see `Options`.
        progress: gets the ids to be graded, gives what is called after each of them.

    Raises:
        ClassError: no roster, no assignment or one that is out of step, gradebook in use, an unknown student, a new
            seed for some only, no wall, no workers, or stopped.
    """
    options = options or Options()
    if options.new_seed and options.students:
        raise ClassError("--new-seed grades everybody anew, --student only some: give one of them")
    roster = load_roster(paths.class_dir)
    unknown = [student for student in options.students or [] if student not in roster]
    if unknown:
        raise ClassError(f"not on the roster: {', '.join(unknown)}; `roster.csv` in {paths.class_dir} lists the ids")
    with only_writer(paths.class_dir):
        assignment = load_assignment(paths.solutions / unit / f"{unit}.ipynb", unit)  # refused before any writing
        refuse_old_tests(paths, assignment)
        write_all(class_config(paths))
        bridge.enter_assignment(paths, unit)
        bridge.enter_students(paths, roster)
        with Ledger(paths, unit) as ledger:
            return _grade(Run(paths, roster, assignment, options, ledger), progress)


def _grade(run: Run, progress: Progress | None) -> ClassGrades:
    due = run.due()
    before = run.ledger.totals()
    if due:
        try:
            run.execute(due, progress(due) if progress else lambda student: None)
        except KeyboardInterrupt:
            done = f"{len(run.fresh)} of {len(due)} submissions are graded and stay so"
            raise ClassError(f"stopped: {done}; run the same command to go on") from None
    penalties = run.ledger.assign_penalties(run.options.late)
    aside = [{"file": e.file, "student": e.student or "", "reason": e.reason} for e in run.collection.aside()]
    notes = list(run.notes)
    if not run.options.sandbox and run.fresh:
        many = f"{len(run.fresh)} submission{'s' * (len(run.fresh) > 1)}"
        notes.append(f"{many} ran with your rights, without a wall (--unsafe-no-sandbox)")
    return ClassGrades(run.unit, run.assignment.points, run.rows(before, penalties), aside, notes)
