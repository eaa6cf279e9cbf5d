"""The ledger leaves gradebook and files as nbgrader's own Autograde does, all of a submission or nothing."""

import copy
import itertools
import os
import pickle
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters.base import NbGraderException

from cvcourse.errors import ClassError
from cvcourse.grading import bridge, ledger_files
from cvcourse.grading.assignment import load_assignment
from cvcourse.grading.collection import Collection, Entry, save_collection
from cvcourse.grading.due import set_due, write_extension
from cvcourse.grading.execute import CellRun, Limits
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.ledger import Ledger
from cvcourse.grading.marking import mark
from cvcourse.paths import CoursePaths
from tests import tiny_course as tiny
from tests.twin_classes import Twins, files, handed_in, make, marked, tables

NOTEBOOK = f"{tiny.UNIT}/{tiny.UNIT}.ipynb"
DUE = datetime(2026, 1, 1, 11, 0, tzinfo=UTC)
_GRADE = "(SELECT id FROM base_cell WHERE name = '{}' AND type = '{}')"


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """One course and class, made once: a new gradebook costs seconds."""
    return make(tmp_path_factory.mktemp("template") / "course")


@pytest.fixture
def twins(template, tmp_path) -> Twins:
    return Twins(template, tmp_path)


@pytest.fixture
def quick_lock(monkeypatch, twins):
    """Wait a fifth of a second for a lock, not SQLite's five."""
    file = twins.ours.class_dir / "gradebook.db"
    monkeypatch.setenv("CVCOURSE_GRADEBOOK", f"sqlite:///{file}?timeout=0.2")
    return file


def _state(paths: CoursePaths):
    return tables(paths), files(paths)


@pytest.mark.parametrize(
    "work",
    [
        handed_in(),
        handed_in(by_hand=False, double=None),
        handed_in(shift="def shift(x):\n    return 11"),
        b"{ no notebook",
    ],
    ids=["right", "nothing by hand", "half", "broken"],
)
def test_a_first_submission(twins, work):
    twins.enter("a", twins.submit("a", work))


def test_a_notebook_is_limited_and_rewritten_as_nbgrader_does(twins):
    work = handed_in()
    work.cells.append(new_code_cell("print('mine')"))
    result = twins.submit("a", work)
    many = "".join(f"line {number}\n" for number in range(1500))
    lines = [f"frame {number}" for number in range(150)]
    result.notebook.cells[-1].outputs = [
        new_output("stream", name="stderr", text=many),
        new_output("stream", name="stdout", text=["a\n", "b"]),
        new_output("display_data", data={"text/html": ["<b>\n", "x</b>"], "image/png": "aGk=", "application/json": []}),
        new_output("execute_result", data={"text/plain": "é\n\u2028ü"}, execution_count=3),
        new_output("error", ename="E", evalue="v", traceback=lines),
    ]
    result.notebook.cells[-1].metadata["trusted"] = True
    result.notebook.metadata["signature"] = "x"
    tiny.cell_of(result.notebook, "double-visible").outputs.append(new_output("stream", name="stderr", text="careful"))
    tiny.cell_of(result.notebook, "shift-visible").outputs.append(
        new_output("execute_result", data={"text/plain": "0.5"}, execution_count=4)
    )
    twins.enter("a", result)


@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
def test_a_changed_cell_is_put_right_as_nbgrader_does(twins, monkeypatch):
    ids = itertools.cycle(["put-back-1", "put-back-2"])
    monkeypatch.setattr("nbformat.validator.generate_corpus_id", lambda: next(ids))
    result = twins.submit("a", handed_in())
    cells = result.notebook.cells
    tiny.cell_of(result.notebook, "double-visible").metadata.nbgrader.points = 50
    tiny.cell_of(result.notebook, "double-hidden").source = "pass"
    tiny.cell_of(result.notebook, "setup").metadata.nbgrader.locked = False
    cells.remove(tiny.cell_of(result.notebook, "shift-visible"))
    cells.remove(tiny.cell_of(result.notebook, "task"))
    twins.enter("a", result)
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        points = ledger.points("a")
    assert points["double-visible"] == 2
    assert points["double-hidden"] == points["shift-visible"] == 0  # neither text ran


def test_a_regrade_keeps_what_a_person_gave(twins):
    for student in "ab":
        twins.enter(student, twins.submit(student, handed_in(double=None)))
    grade = "UPDATE grade SET manual_score = {}, extra_credit = {}, needs_manual_grade = 0 WHERE cell_id = "
    twins.sql(grade.format(1.5, "NULL") + _GRADE.format("double-hidden", "GradeCell"))
    twins.sql(grade.format(2, 0.5) + _GRADE.format("essay", "GradeCell"))
    twins.sql(grade.format(1, "NULL") + _GRADE.format("task", "TaskCell"))
    twins.sql("UPDATE comment SET manual_comment = 'fine' WHERE cell_id = " + _GRADE.format("sketch", "SolutionCell"))
    twins.sql("UPDATE submitted_notebook SET flagged = 1, late_submission_penalty = 3")
    twins.enter("a", twins.submit("a", handed_in(by_hand=False)))
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        assert ledger.scores() == {"a": 7 + 1.5 + 2.5 + 1, "b": 5 + 1.5 + 2.5 + 1}
        assert ledger.entered() == {"a", "b"}
        assert ledger.points("c") == {}
    with open_gradebook(twins.ours) as gradebook:
        assert gradebook.find_submission(tiny.UNIT, "a").score == 12


def test_a_second_submission_with_files_beside_the_notebook(twins):
    twins.enter("a", twins.submit("a", handed_in(double=None)))
    for paths in twins.both:
        folder = paths.class_dir / "submitted" / "a" / tiny.UNIT
        (folder / "helpers" / "__pycache__").mkdir(parents=True)
        for name in ("notes.txt", "helpers/data.csv", "helpers/more.csv", "helpers/x.pyc", "helpers/__pycache__/y"):
            (folder / name).write_text(f"the student's {name}")
        (folder / "another.ipynb").write_text("{}")
        (folder / "notes.txt").chmod(0o755)
    twins.enter("a", twins.submit("a", handed_in(), "2026-02-03 04:05:06 CET"))
    assert files(twins.ours)[f"a/{tiny.UNIT}/helpers/data.csv"] == (b"the course's\n", 0o444)
    for paths in twins.both:
        folder = paths.class_dir / "submitted" / "a" / tiny.UNIT
        (folder / "notes.txt").write_text("anew")
        (folder / "helpers" / "more.csv").unlink()
        (folder / "timestamp.txt").unlink()
    twins.enter("a", marked(handed_in(), twins.ours))
    for paths in twins.both:
        (paths.class_dir / "submitted" / "a" / tiny.UNIT / "timestamp.txt").write_text(" ")
    twins.enter("a", marked(handed_in(), twins.ours))


def test_a_student_whom_the_gradebook_does_not_know(twins):
    twins.enter("stranger", twins.submit("stranger", handed_in()))


def test_a_late_submission_under_the_configured_plugin(twins):
    for paths in twins.both:
        with (paths.root / "nbgrader_config.py").open("a") as file:
            file.write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\nc.LimitOutput.max_lines = 3\n")
        with open_gradebook(paths) as gradebook:
            set_due(gradebook, tiny.UNIT, DUE)
    for student in "ab":
        twins.enter(student, twins.submit(student, handed_in(double=None)))
    twins.sql("UPDATE submitted_assignment SET extension = '1970-01-03 00:00:00' WHERE student_id = 'b'")
    twins.enter("b", marked(handed_in(), twins.ours))
    with open_gradebook(twins.ours) as gradebook:
        penalties = {s.student.id: s.late_submission_penalty for s in gradebook.assignment_submissions(tiny.UNIT)}
    assert penalties == {"a": 5, "b": 0}


@pytest.mark.parametrize("text", ["none", "zero", "10", "100%"])
def test_penalties_of_a_class(twins, text):
    late = DUE + timedelta(hours=30, microseconds=5)
    times = {"a": DUE - timedelta(hours=1), "b": late, "c": late}
    for paths in twins.both:
        entries = [
            Entry(f"{name}.ipynb", name, "taken", kind="notebook", time=t.isoformat()) for name, t in times.items()
        ]
        save_collection(paths.class_dir, Collection(tiny.UNIT, entries))
        with open_gradebook(paths) as gradebook:
            set_due(gradebook, tiny.UNIT, DUE)
    for student in times:
        twins.submit(student, handed_in(), "2026-01-09 12:00:00 UTC")
    result = marked(handed_in(), twins.ours)
    for paths in twins.both:
        with Ledger(paths, tiny.UNIT) as ledger:
            for student in times:
                ledger.enter(student, copy.deepcopy(result))
    twins.sql("UPDATE grade SET manual_score = 2 WHERE cell_id = " + _GRADE.format("essay", "GradeCell"))
    for days in (1, 3):
        for paths in twins.both:
            write_extension(paths.class_dir, tiny.UNIT, "c", DUE + timedelta(days=days))
        policy = bridge.LatePolicy.parse(text)
        with Ledger(twins.ours, tiny.UNIT) as ledger:
            ours = ledger.assign_penalties(policy)
        assert ours == bridge.assign_penalties(twins.theirs, tiny.UNIT, policy)
        assert ("b" in ours) == (text != "none")
        twins.compare()


def test_penalties_without_a_due_date(twins):
    twins.enter("a", twins.submit("a", handed_in()))
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        assert ledger.assign_penalties(bridge.LatePolicy("zero")) == {}
    assert bridge.assign_penalties(twins.theirs, tiny.UNIT, bridge.LatePolicy("zero")) == {}
    twins.compare()


def test_nothing_is_entered_for_a_submission_that_cannot_be_graded(twins):
    twins.enter("a", twins.submit("a", handed_in()))
    twins.sql("UPDATE grade SET manual_score = 2 WHERE cell_id = " + _GRADE.format("essay", "GradeCell"))
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        for student in "ab":
            bridge.record_nothing(twins.theirs, tiny.UNIT, student)
            ledger.enter_nothing(student)
        assert ledger.scores() == {"a": 2, "b": 0}
    twins.compare()
    twins.enter("a", twins.submit("a", handed_in()))


def test_another_notebook_of_the_assignment_that_is_missing_gets_no_points(twins):
    for paths in twins.both:
        with open_gradebook(paths) as gradebook:
            gradebook.add_notebook("second", tiny.UNIT)
            gradebook.add_grade_cell("other-test", "second", tiny.UNIT, max_score=4, cell_type="code")
    twins.enter("a", twins.submit("a", handed_in()))
    for paths in twins.both:
        (paths.class_dir / "submitted" / "b" / tiny.UNIT).mkdir(parents=True)
        (paths.class_dir / "submitted" / "b" / tiny.UNIT / "second.ipynb").write_text("{}")
    twins.enter("b", twins.submit("b", handed_in()))


def test_nbgrader_feedback_and_formgrader_go_on_from_there(twins):
    twins.enter("a", twins.submit("a", handed_in(double=None)))
    result = twins.submit("a", handed_in())
    twins.enter("a", result)
    bridge.autograde(twins.ours, tiny.UNIT, "a", copy.deepcopy(result))
    twins.compare()
    seen = []
    for paths in twins.both:
        config = bridge.nbgrader_config(paths)
        with bridge.nbgrader_log():
            api = NbGraderAPI(bridge.course_directory(config, tiny.UNIT), config=config)
            assert api.generate_feedback(tiny.UNIT, "a", force=True)["success"]
            submissions = api.get_submissions(tiny.UNIT) + api.get_notebook_submissions(tiny.UNIT, tiny.UNIT)
            seen.append([{key: one[key] for key in one if key != "id"} for one in submissions])
            assert api.get_autograded_students(tiny.UNIT) == {"a"}
        page = (paths.class_dir / "feedback" / "a" / tiny.UNIT / f"{tiny.UNIT}.html").read_text()
        assert "14.0" in page or "10.0" in page
    assert seen[0] == seen[1]
    assert seen[1][0]["autograded"] and seen[1][0]["score"] == 10


def _duplicated(result):
    result.notebook.cells.append(copy.deepcopy(tiny.cell_of(result.notebook, "double-visible")))
    result.notebook.cells[-1].id = "twice"


def _invalid(result):
    tiny.cell_of(result.notebook, "double").outputs = [new_output("stream", text="x")]
    tiny.cell_of(result.notebook, "double").outputs[0].name = 5


def _overpaid(result):
    output = new_output("execute_result", data={"text/plain": "99"}, execution_count=1)
    tiny.cell_of(result.notebook, "double-visible").outputs = [output]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(_duplicated, "Duplicate grade id"), (_invalid, "ValidationError"), (_overpaid, "partial credit")],
)
def test_a_notebook_that_nbgrader_refuses_is_refused_and_nothing_changes(twins, spoil, reason):
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", twins.submit("a", handed_in(double=None)))
        before = _state(twins.ours)
        result = twins.submit("a", handed_in())
        spoil(result)
        with pytest.raises(NbGraderException):
            bridge.autograde(twins.theirs, tiny.UNIT, "a", copy.deepcopy(result))
        with pytest.raises(NbGraderException, match=reason) as refused:
            ledger.enter("a", result)
        assert "\n" not in str(refused.value)
        assert _state(twins.ours) == before


def test_a_bad_time_stamp_and_a_lost_row_are_refused(twins):
    result = twins.submit("a", handed_in(), "yesterday")
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        before = _state(twins.ours)
        with pytest.raises(NbGraderException, match="is no date"):
            ledger.enter("a", copy.deepcopy(result))
        twins.submit("a", handed_in())
        assert _state(twins.ours) == before
        ledger.enter("a", copy.deepcopy(result))
        with closing(sqlite3.connect(twins.ours.class_dir / "gradebook.db")) as db:
            db.execute("DELETE FROM grade WHERE cell_id = " + _GRADE.format("double-hidden", "GradeCell"))
            db.commit()
        before = _state(twins.ours)
        with pytest.raises(NbGraderException, match="no grade of a for double-hidden"):
            ledger.enter("a", marked(handed_in(double=None), twins.ours))
        assert _state(twins.ours) == before


@pytest.mark.parametrize("lock", ["BEGIN EXCLUSIVE", "BEGIN; SELECT * FROM grade"])
def test_a_lock_on_the_gradebook_is_one_line_and_nothing_is_half_entered(twins, quick_lock, lock):
    """The first lock stops the first row, the second one the commit, when the files are in their places already."""
    result = marked(handed_in(), twins.ours)
    tiny.submit(twins.ours.class_dir, "a", handed_in())
    with closing(sqlite3.connect(quick_lock, isolation_level=None)) as other, Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", marked(handed_in(double=None), twins.ours))
        before = _state(twins.ours)
        for student in "ab":
            for statement in lock.split(";"):
                held = other.execute(statement)
                held.fetchone()
            with pytest.raises(ClassError, match="in use: close formgrader") as refused:
                ledger.enter(student, copy.deepcopy(result))
            assert "\n" not in str(refused.value)
            held.close()
            other.execute("ROLLBACK")
            assert _state(twins.ours) == before
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ClassError, match="in use"):
            ledger.enter_nothing("a")
        other.execute("ROLLBACK")
        assert _state(twins.ours) == before
        assert ledger.enter("a", result)["double-hidden"] == 3
    with closing(sqlite3.connect(quick_lock, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ClassError, match="in use"), Ledger(twins.ours, tiny.UNIT):
            pass


def test_between_two_submissions_the_gradebook_is_free_for_formgrader(twins, quick_lock):
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", twins.submit("a", handed_in(double=None)))
        assert ledger.scores() and ledger.entered() and ledger.points("a")
        with closing(sqlite3.connect(quick_lock, timeout=0.1)) as other:
            other.execute("UPDATE grade SET manual_score = 1")
            other.commit()
        assert ledger.scores()["a"] == 7
        ledger.enter("a", twins.submit("a", handed_in()))
        assert ledger.scores()["a"] == 7


@pytest.mark.parametrize(
    ("size", "reason"), [(1000, r"cannot write .*File too large"), (40_000, "refused: .*")], ids=["files", "gradebook"]
)
def test_a_full_disk_is_one_line_and_nothing_is_half_entered(twins, size, reason):
    """A bound on the size of files stands for the disk: below the notebook's, then between that and the gradebook's."""
    result = twins.submit("b", handed_in())
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", twins.submit("a", handed_in()))
        before = _state(twins.ours)
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limit[1]))
        try:
            with pytest.raises(ClassError, match=reason) as refused:
                ledger.enter("b", copy.deepcopy(result))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert "\n" not in str(refused.value)
        assert _state(twins.ours) == before
        ledger.enter("b", result)
        assert ledger.entered() == {"a", "b"}


def test_a_folder_that_cannot_be_written_is_one_line_and_nothing_is_half_entered(twins, monkeypatch):
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", twins.submit("a", handed_in(double=None)))
        (twins.ours.class_dir / "autograded" / "b").write_text("no folder")
        before = _state(twins.ours)
        with pytest.raises(ClassError, match="cannot write"):
            ledger.enter("b", twins.submit("b", handed_in()))
        assert _state(twins.ours) == before
        replace, places = os.replace, []

        def second_fails(source, target):
            places.append(target)
            if len(places) == 2:
                raise PermissionError(13, "Permission denied")
            replace(source, target)

        monkeypatch.setattr(ledger_files.os, "replace", second_fails)
        for student in "ac":
            places.clear()
            with pytest.raises(ClassError, match=r"cannot write .*Permission denied"):
                ledger.enter(student, twins.submit(student, handed_in()))
            assert len(places) == (4 if student == "a" else 2)  # what was replaced is brought back
            assert _state(twins.ours) == before


def test_the_assignment_must_be_in_the_gradebook(twins):
    with pytest.raises(ClassError, match="no assignment 02_other"), Ledger(twins.ours, "02_other"):
        pass
    assert files(twins.ours) == {}


_KILLED = """
import os, pathlib, pickle, signal, sys
from nbgrader.converters import Autograde
from cvcourse.grading.ledger import Ledger
from cvcourse.grading.marking import mark
from cvcourse.paths import CoursePaths
root, unit, works = pathlib.Path(sys.argv[1]), sys.argv[2], pickle.load(sys.stdin.buffer)
with Ledger(CoursePaths(root, root / "class"), unit) as ledger:
    ledger.enter("a", works["a"])
    ledger.enter("b", works["b"])
    Autograde.set_permissions = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # after the rows, before the commit
    ledger.enter("b", works["c"])
"""


def test_a_killed_run_loses_nothing_that_was_entered(twins):
    works = {
        "a": twins.submit("a", handed_in(double=None)),
        "b": twins.submit("b", handed_in(shift=None)),
        "c": twins.submit("c", handed_in()),
    }
    command = [sys.executable, "-c", _KILLED, str(twins.ours.root), tiny.UNIT]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(command, input=pickle.dumps(works), env=environment, capture_output=True)
    assert run.returncode == -signal.SIGKILL, run.stderr.decode()
    for student in "ab":
        bridge.autograde(twins.theirs, tiny.UNIT, student, copy.deepcopy(works[student]))
    assert tables(twins.ours) == tables(twins.theirs)
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        assert ledger.entered() == {"a", "b"}
        for student in "bc":
            ledger.enter(student, copy.deepcopy(works[student]))
    bridge.autograde(twins.theirs, tiny.UNIT, "c", copy.deepcopy(works["c"]))
    twins.compare()


@pytest.mark.full
@pytest.mark.timeout(600)
def test_the_ledger_needs_a_tenth_of_the_time_of_nbgraders_own_step(tmp_path):
    """On unit 01, solved, with the outputs that the built notebook holds; prints both."""
    unit, root = "01_convolutions", tmp_path / "course"
    shutil.copytree(tiny.ROOT / "solutions" / unit, root / "solutions" / unit)
    shutil.copy(tiny.ROOT / "nbgrader_config.py", root)
    paths = CoursePaths(root, root / "class")
    data = (paths.solutions / unit / f"{unit}.ipynb").read_bytes()
    outputs = {cell.source: cell.get("outputs", []) for cell in nbformat.reads(data.decode(), 4).cells}

    def as_built(notebook, *_):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = copy.deepcopy(outputs[cell.source])
        return {place: CellRun("ok") for place in range(len(notebook.cells))}

    assignment = load_assignment(paths.solutions / unit / f"{unit}.ipynb", unit)
    result = mark(assignment.source, data, "12345", Limits(), stubs=assignment.stubs, run=as_built)
    bridge.enter_assignment(paths, unit)
    for number in range(24):
        (paths.class_dir / "submitted" / f"s{number}" / unit).mkdir(parents=True)
        (paths.class_dir / "submitted" / f"s{number}" / unit / f"{unit}.ipynb").write_bytes(data)

    def seconds(enter, numbers):
        works = [(f"s{number}", copy.deepcopy(result)) for number in numbers]
        start = process_time()
        for student, work in works:
            enter(student, work)
        return (process_time() - start) / len(works)

    nbgraders = seconds(lambda student, work: bridge.autograde(paths, unit, student, work), range(4))
    with Ledger(paths, unit) as ledger:
        seconds(ledger.enter, [4])
        ours = seconds(ledger.enter, range(5, 24))
    print(f"CPU seconds a submission: {nbgraders:.3f} by nbgrader's step, {ours:.4f} by the ledger")
    assert ours < nbgraders / 10
