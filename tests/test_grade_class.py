"""Grading a class: nbgrader keeps the gradebook, nobody disappears, a run can be repeated, old points never stay."""

import json
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
from typer.testing import CliRunner

from cvcourse.build.source import Source, digest
from cvcourse.cli import app
from cvcourse.errors import ClassError, CourseError
from cvcourse.grading import bridge, grade
from cvcourse.grading.anonymous import is_anonymous
from cvcourse.grading.assignment import load_assignment
from cvcourse.grading.collection import Collection, Entry, save_collection
from cvcourse.grading.due import set_due, write_extension
from cvcourse.grading.execute import Limits
from cvcourse.grading.grade import Options, grade_class
from cvcourse.grading.grade_view import bar
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.isolation import IsolationError
from cvcourse.grading.ledger import Ledger
from cvcourse.grading.outcomes import Outcome, load_outcomes
from cvcourse.grading.report import report
from cvcourse.grading.seeds import seed_for
from cvcourse.grading.store import only_writer
from cvcourse.paths import CoursePaths
from tests import tiny_course as tiny

LIMITS = Limits(cell=5, notebook=20)
PLAIN = Options(limits=LIMITS)
DUE = datetime(2026, 1, 1, 13, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """One course and class, made once: a new gradebook costs seconds."""
    return tiny.make_class(tmp_path_factory.mktemp("template") / "course").root


@pytest.fixture
def paths(template, tmp_path):
    """A fresh copy of a course with a class of four."""
    root = shutil.copytree(template, tmp_path / "a course")
    return CoursePaths(root, root / "class")


@pytest.fixture
def no_kernel(monkeypatch):
    """Run the cells in this process."""
    monkeypatch.setattr(grade, "Farm", tiny.FarmHere)


def points(result):
    return {row.student: row.points for row in result.rows}


def status(result):
    return {row.student: row.status for row in result.rows}


@pytest.mark.sandbox
def test_a_class_is_graded_with_real_kernels_and_everybody_is_there(paths):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    tiny.submit(paths.class_dir, "b", tiny.handed_in(double=None))
    tiny.submit(paths.class_dir, "c", b"{ no notebook")
    seen = []
    result = grade_class(paths, tiny.UNIT, PLAIN, progress=lambda names: seen.append)
    assert points(result) == {"a": 10, "b": 5, "c": 0, "d": None}
    assert status(result) == {"a": "graded", "b": "graded", "c": "broken", "d": "no submission"}
    assert sorted(seen) == ["a", "b", "c"]
    assert not result.clean
    assert "not valid JSON" in result.rows[2].reason
    assert result.max_points == 10
    with open_gradebook(paths) as gradebook:
        scores = {one.student.id: one.score for one in gradebook.assignment_submissions(tiny.UNIT)}
        assert {one.id for one in gradebook.students} == set("abcd")
    assert scores == {"a": 10, "b": 5, "c": 0}
    for student in "abc":
        executed = paths.class_dir / "autograded" / student / tiny.UNIT / f"{tiny.UNIT}.ipynb"
        nbformat.validate(nbformat.read(executed, as_version=4))


def test_only_what_changed_is_graded_again(paths, no_kernel, monkeypatch):
    for name in "ab":
        tiny.submit(paths.class_dir, name, tiny.handed_in())
    grade_class(paths, tiny.UNIT, PLAIN)
    tiny.submit(paths.class_dir, "b", tiny.handed_in(shift=None))
    result = grade_class(paths, tiny.UNIT, PLAIN)
    assert status(result) == {"a": "unchanged", "b": "graded", "c": "no submission", "d": "no submission"}
    assert points(result) == {"a": 10, "b": 5, "c": None, "d": None}
    assert status(grade_class(paths, tiny.UNIT, Options(limits=LIMITS, students=["a"], regrade=True))) == {
        "a": "graded"
    }
    assert status(grade_class(paths, tiny.UNIT, PLAIN))["b"] == "unchanged"


def test_a_resubmission_that_is_broken_does_not_keep_the_old_points(paths, no_kernel):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    assert points(grade_class(paths, tiny.UNIT, PLAIN))["a"] == 10
    tiny.submit(paths.class_dir, "a", b"")
    result = grade_class(paths, tiny.UNIT, PLAIN)
    assert (points(result)["a"], status(result)["a"]) == (0, "broken")


def test_a_submission_that_the_grader_fails_on_keeps_nothing_and_stops_nobody(paths, no_kernel, monkeypatch):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    tiny.submit(paths.class_dir, "b", tiny.handed_in())
    assert points(grade_class(paths, tiny.UNIT, PLAIN))["a"] == 10

    class Failing(tiny.FarmHere):
        def mark_one(self, work):
            return "an accident" if b"BASE - x" in work.submission else super().mark_one(work)

    monkeypatch.setattr(grade, "Farm", Failing)
    tiny.submit(paths.class_dir, "a", tiny.handed_in(shift="def shift(x):\n    return BASE - x"))
    tiny.submit(paths.class_dir, "b", tiny.handed_in(double=None))
    result = grade_class(paths, tiny.UNIT, PLAIN)
    assert (status(result)["a"], points(result)["a"]) == ("fault", 0)
    assert "an accident" in result.rows[0].reason
    assert points(result)["b"] == 5
    with open_gradebook(paths) as gradebook:
        assert gradebook.find_submission(tiny.UNIT, "a").needs_manual_grade
    monkeypatch.setattr(grade, "Farm", tiny.FarmHere)
    assert points(grade_class(paths, tiny.UNIT, PLAIN))["a"] == 5


def test_points_of_nbgrader_that_differ_are_the_graders_fault(paths, no_kernel, monkeypatch):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    monkeypatch.setattr(Ledger, "enter", lambda *_: dict.fromkeys(tiny.POINTS, 1.0))
    result = grade_class(paths, tiny.UNIT, PLAIN)
    assert status(result)["a"] == "fault"
    assert "double-hidden" in result.rows[0].reason


def test_a_submission_that_nbgrader_does_not_take_stops_nobody(paths, no_kernel):
    tiny.submit(paths.class_dir, "a", tiny.handed_in(), time="half past nine")
    tiny.submit(paths.class_dir, "b", tiny.handed_in())
    result = grade_class(paths, tiny.UNIT, PLAIN)
    assert points(result) == {"a": 0, "b": 10, "c": None, "d": None}
    assert status(result)["a"] == "fault"
    assert "timestamp.txt is no date" in result.rows[0].reason


def edit_source(paths, name, text):
    """The instructor mends a cell of the assignment."""
    file = paths.solutions / tiny.UNIT / f"{tiny.UNIT}.ipynb"
    notebook = nbformat.read(file, as_version=4)
    tiny.cell_of(notebook, name).source = text
    nbformat.write(notebook, file)


@pytest.fixture
def tests_run(monkeypatch, no_kernel):
    """The tests that were run, by grade_id."""
    run = []

    def watched(notebook, seed, limits, skip):
        names = {place: cell.metadata.get("nbgrader", {}) for place, cell in enumerate(notebook.cells)}
        run.extend(sorted(one["grade_id"] for place, one in names.items() if one.get("grade") and place not in skip))
        return tiny.run_here(notebook, seed, limits, skip)

    monkeypatch.setattr(tiny.FarmHere, "run", staticmethod(watched))
    return run


def test_a_mended_test_is_run_for_everybody_again_and_only_that_one(paths, tests_run):
    tiny.submit(paths.class_dir, "a", tiny.handed_in(shift="def shift(x):\n    return 11"))
    tiny.submit(paths.class_dir, "b", tiny.handed_in(double="def double(x):\n    return 0"))
    first = grade_class(paths, tiny.UNIT, PLAIN)
    assert points(first) == {"a": 6, "b": 5, "c": None, "d": None}
    assert [row.before for row in first.rows] == [None] * 4
    with open_gradebook(paths) as gradebook:
        gradebook.find_grade("double-hidden", tiny.UNIT, tiny.UNIT, "b").manual_score = 1.5
        gradebook.db.commit()
    tests_run.clear()
    edit_source(paths, "shift-visible", "assert shift(2) == 12, 'two further on'")
    result = grade_class(paths, tiny.UNIT, PLAIN)
    assert tests_run == ["shift-visible"] * 2
    assert status(result) == {"a": "graded", "b": "graded", "c": "no submission", "d": "no submission"}
    assert points(result) == {"a": 5, "b": 6.5, "c": None, "d": None}
    assert [row.before for row in result.rows] == [6, None, None, None]
    executed = nbformat.read(paths.class_dir / "autograded" / "b" / tiny.UNIT / f"{tiny.UNIT}.ipynb", as_version=4)
    assert "double(3) is 6, not 0" in str(tiny.cell_of(executed, "double-visible").outputs)


def test_who_gave_points_looks_again_only_where_the_test_or_the_answer_is_another(paths, no_kernel):
    def look_again() -> bool:
        with open_gradebook(paths) as gradebook:
            return gradebook.find_grade("double-hidden", tiny.UNIT, tiny.UNIT, "a").needs_manual_grade

    tiny.submit(paths.class_dir, "a", tiny.handed_in(double=None))
    grade_class(paths, tiny.UNIT, PLAIN)
    with open_gradebook(paths) as gradebook:
        grade_ = gradebook.find_grade("double-hidden", tiny.UNIT, tiny.UNIT, "a")
        grade_.manual_score, grade_.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    edit_source(paths, "shift-visible", "assert shift(2) == 12, 'two further on'")
    assert status(grade_class(paths, tiny.UNIT, PLAIN))["a"] == "graded"
    assert not look_again()
    edit_source(paths, "double-hidden", "assert double(4) == 8")
    assert points(grade_class(paths, tiny.UNIT, PLAIN))["a"] == 6.5
    assert look_again()


def test_a_changed_solution_or_text_runs_nothing_and_a_given_cell_everything(paths, tests_run):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    grade_class(paths, tiny.UNIT, PLAIN)
    tests_run.clear()
    better = "def double(x):\n    ### BEGIN SOLUTION\n    return x * 2\n    ### END SOLUTION"
    edit_source(paths, "double", better)
    assert status(grade_class(paths, tiny.UNIT, PLAIN))["a"] == "unchanged"
    edit_source(paths, "setup", "import os\n\nBASE = 10.0")
    assert status(grade_class(paths, tiny.UNIT, PLAIN))["a"] == "graded"
    assert tests_run == sorted(tiny.POINTS)


def test_a_new_seed_grades_everybody_again(paths, tests_run):
    cheat = f"def double(x):\n    return {2 * (int(seed_for(paths.class_dir, tiny.UNIT)) % 1000)} if x > 3 else 6"
    tiny.submit(paths.class_dir, "a", tiny.handed_in(double=cheat))
    assert points(grade_class(paths, tiny.UNIT, PLAIN))["a"] == 10
    before = seed_for(paths.class_dir, tiny.UNIT)
    tests_run.clear()
    result = grade_class(paths, tiny.UNIT, Options(limits=LIMITS, new_seed=True))
    assert seed_for(paths.class_dir, tiny.UNIT) != before
    assert tests_run == sorted(tiny.POINTS)
    assert (points(result)["a"], result.rows[0].before) == (7, 10)
    assert status(grade_class(paths, tiny.UNIT, PLAIN))["a"] == "unchanged"


def test_a_new_seed_for_some_of_a_class_is_refused(paths, no_kernel):
    before = seed_for(paths.class_dir, tiny.UNIT)
    with pytest.raises(ClassError, match="--new-seed grades everybody"):
        grade_class(paths, tiny.UNIT, Options(new_seed=True, students=["a"]))
    assert seed_for(paths.class_dir, tiny.UNIT) == before


def test_tests_that_were_mended_and_not_built_are_not_graded_with(paths, no_kernel):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    script = paths.source / "assignments" / f"{tiny.UNIT}.py"
    (paths.root / "pyproject.toml").write_text('[tool.cvcourse]\nrepository = ""\n')
    file = paths.solutions / tiny.UNIT / f"{tiny.UNIT}.ipynb"
    notebook = nbformat.read(file, as_version=4)
    notebook.metadata["cvcourse"] = {"sha256": digest(Source(paths, "assignments", tiny.UNIT))}
    nbformat.write(notebook, file)
    assert points(grade_class(paths, tiny.UNIT, PLAIN))["a"] == 10
    text = script.read_text()
    script.write_text(text + "# mended\n")
    with pytest.raises(
        ClassError, match=r"is out of step: .* changed since it was built; run `cvcourse build 01_tiny`"
    ):
        grade_class(paths, tiny.UNIT, PLAIN)
    script.unlink()
    assert status(grade_class(paths, tiny.UNIT, PLAIN))["a"] == "unchanged", "where there is no source"


@pytest.mark.parametrize("command", ["grade", "check"])
@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "inf"])
def test_a_timeout_that_is_none_is_refused(paths, monkeypatch, command, timeout):
    monkeypatch.setenv("CVCOURSE_ROOT", str(paths.root))
    run = CliRunner().invoke(app, [command, "01", f"--timeout={timeout}"])
    assert "--timeout is a number of seconds above 0" in str(run.exception)


def test_what_ran_without_walls_is_named_and_graded_again_behind_them(paths, no_kernel):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    result = grade_class(paths, tiny.UNIT, Options(limits=LIMITS, sandbox=False))
    assert tiny.FarmHere.options["sandbox"] is False
    assert "1 submission ran with your rights" in result.notes[0]
    notes = report(paths, tiny.UNIT).notes
    assert any("--unsafe-no-sandbox): a" in note for note in notes)
    assert status(grade_class(paths, tiny.UNIT, PLAIN))["a"] == "graded"
    assert not any("unsafe" in note for note in report(paths, tiny.UNIT).notes)


def test_the_seed_is_in_the_instructors_report_and_in_no_feedback(paths, no_kernel):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    grade_class(paths, tiny.UNIT, PLAIN)
    made = report(paths, tiny.UNIT)
    seed = seed_for(paths.class_dir, tiny.UNIT)
    assert made.seed == seed
    assert seed in (paths.class_dir / "reports" / tiny.UNIT / f"{tiny.UNIT}-report.json").read_text()
    for page in (paths.class_dir / "feedback").rglob("*.html"):
        assert seed not in page.read_text("utf-8")


def test_a_run_that_is_stopped_keeps_what_it_has_and_goes_on(paths, no_kernel, monkeypatch):
    for name in "abc":
        tiny.submit(paths.class_dir, name, tiny.handed_in())

    class Stopped(tiny.FarmHere):
        def mark(self, works):
            yield next(super().mark(works))
            raise KeyboardInterrupt

    monkeypatch.setattr(grade, "Farm", Stopped)
    with pytest.raises(ClassError, match="stopped: 1 of 3 submissions are graded"):
        grade_class(paths, tiny.UNIT, PLAIN)
    assert set(load_outcomes(paths.class_dir, tiny.UNIT)) == {"a"}
    monkeypatch.setattr(grade, "Farm", tiny.FarmHere)
    result = grade_class(paths, tiny.UNIT, PLAIN)
    assert status(result) == {"a": "unchanged", "b": "graded", "c": "graded", "d": "no submission"}


def test_ctrl_c_is_answered_at_once(capsys):
    before = signal.getsignal(signal.SIGINT)

    def grading():
        with bar("stopping: wait") as bars:
            bars("Grading")(["a"])
            signal.raise_signal(signal.SIGINT)
            pytest.fail("went on")

    with pytest.raises(KeyboardInterrupt):
        grading()
    assert capsys.readouterr().err == "stopping: wait\n"
    assert signal.getsignal(signal.SIGINT) is before


def test_two_runs_at_once_are_refused(paths, no_kernel):
    with only_writer(paths.class_dir), pytest.raises(ClassError, match="another run"):
        grade_class(paths, tiny.UNIT, PLAIN)
    assert grade_class(paths, tiny.UNIT, PLAIN).clean


def test_a_class_that_cannot_be_walled_in_is_not_graded(paths, monkeypatch):
    class Refusing(tiny.FarmHere):
        def __enter__(self):
            raise IsolationError("no bubblewrap here: install it")

    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    monkeypatch.setattr(grade, "Farm", Refusing)
    with pytest.raises(CourseError, match="no bubblewrap"):
        grade_class(paths, tiny.UNIT, PLAIN)
    assert load_outcomes(paths.class_dir, tiny.UNIT) == {}


def test_limits_of_an_assignment_come_from_its_header_and_are_checked(paths, no_kernel):
    file = paths.solutions / tiny.UNIT / f"{tiny.UNIT}.ipynb"
    notebook = nbformat.read(file, as_version=4)
    notebook.metadata["cvcourse"] = {"limits": {"cell": 90, "notebook": 300}}
    nbformat.write(notebook, file)
    assert load_assignment(file, tiny.UNIT).limits == Limits(cell=90, notebook=300)
    for wrong in ({"cells": 3}, {"cell": 0}, {"cell": "long"}, 3):
        notebook.metadata["cvcourse"] = {"limits": wrong}
        nbformat.write(notebook, file)
        with pytest.raises(ClassError, match="limits"):
            load_assignment(file, tiny.UNIT)


def test_a_renamed_test_after_grading_is_refused_in_one_line(paths, no_kernel):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    grade_class(paths, tiny.UNIT, PLAIN)
    file = paths.solutions / tiny.UNIT / f"{tiny.UNIT}.ipynb"
    notebook = nbformat.read(file, as_version=4)
    tiny.cell_of(notebook, "shift-visible").metadata.nbgrader.grade_id = "another"
    nbformat.write(notebook, file)
    with pytest.raises(ClassError, match="renamed after grading began"):
        grade_class(paths, tiny.UNIT, PLAIN)


def test_points_given_by_hand_survive_and_are_marked_for_review(paths, no_kernel):
    tiny.submit(paths.class_dir, "a", tiny.handed_in(double=None))
    grade_class(paths, tiny.UNIT, PLAIN)
    with open_gradebook(paths) as gradebook:
        gradebook.find_grade("double-hidden", tiny.UNIT, tiny.UNIT, "a").manual_score = 1.5
        gradebook.db.commit()
    assert points(grade_class(paths, tiny.UNIT, Options(limits=LIMITS, regrade=True)))["a"] == 6.5


def collected(paths, **times):
    entries = [Entry(f"{name}.ipynb", name, "taken", kind="notebook", time=time) for name, time in times.items()]
    save_collection(paths.class_dir, Collection(tiny.UNIT, entries))
    bridge.enter_assignment(paths, tiny.UNIT)
    with open_gradebook(paths) as gradebook:
        set_due(gradebook, tiny.UNIT, DUE)
    for name, time in times.items():
        stamp = datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        tiny.submit(paths.class_dir, name, tiny.handed_in(), stamp)


def test_late_penalties_follow_due_date_and_extension(paths, no_kernel):
    late = (DUE + timedelta(hours=30)).isoformat()
    collected(paths, a=(DUE - timedelta(hours=1)).isoformat(), b=late, c=late)
    write_extension(paths.class_dir, tiny.UNIT, "c", DUE + timedelta(days=1))
    assert points(grade_class(paths, tiny.UNIT, PLAIN)) == {"a": 10, "b": 10, "c": 10, "d": None}
    per_day = grade_class(paths, tiny.UNIT, Options(limits=LIMITS, late=bridge.LatePolicy.parse("15%")))
    assert points(per_day) == pytest.approx({"a": 10, "b": 7, "c": 8.5, "d": None})
    nothing = Options(limits=LIMITS, late=bridge.LatePolicy.parse("zero"))
    zero = grade_class(paths, tiny.UNIT, nothing)
    assert points(zero) == {"a": 10, "b": 0, "c": 0, "d": None}
    assert status(zero)["b"] == "unchanged"
    write_extension(paths.class_dir, tiny.UNIT, "c", DUE + timedelta(days=2))
    assert points(grade_class(paths, tiny.UNIT, nothing))["c"] == 10


@pytest.mark.parametrize("text", ["-1", "101", "some", "nan", "", "inf"])
def test_a_policy_that_is_none_is_refused(text):
    with pytest.raises(ClassError, match="--late-penalty"):
        bridge.LatePolicy.parse(text)


def test_the_seed_is_drawn_once_and_nobody_else_reads_it(paths):
    first = seed_for(paths.class_dir, tiny.UNIT)
    assert seed_for(paths.class_dir, tiny.UNIT) == first
    assert seed_for(paths.class_dir, "02_other") != first
    assert stat.S_IMODE((paths.class_dir / "seeds.json").stat().st_mode) == 0o600


def test_a_gradebook_in_use_is_one_line(paths, no_kernel):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    grade_class(paths, tiny.UNIT, PLAIN)
    lock = sqlite3.connect(paths.class_dir / "gradebook.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(ClassError, match="in use"):
            grade_class(paths, tiny.UNIT, Options(limits=LIMITS, regrade=True))
    finally:
        lock.close()


def test_an_unknown_student_and_a_missing_assignment_are_one_line(paths):
    with pytest.raises(ClassError, match="not on the roster: x"):
        grade_class(paths, tiny.UNIT, Options(students=["x"]))
    (paths.solutions / tiny.UNIT / f"{tiny.UNIT}.ipynb").unlink()
    with pytest.raises(ClassError, match="cvcourse build"):
        grade_class(paths, tiny.UNIT)


def test_two_notebooks_at_once_are_in_the_table(paths, no_kernel):
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    first, second = (Entry(f"a/{n}.ipynb", "a", kind="notebook", sha256=n, order=1, attempt=1) for n in ("one", "two"))
    first.status, second.status, second.attempt = "older", "taken", 2
    save_collection(paths.class_dir, Collection(tiny.UNIT, [first, second]))
    assert "one.ipynb, two.ipynb; the last" in grade_class(paths, tiny.UNIT, PLAIN).rows[0].notes[-1]


def test_a_taken_entry_whose_file_is_gone_is_not_passed_over(paths, no_kernel):
    save_collection(paths.class_dir, Collection(tiny.UNIT, [Entry("x.ipynb", "a", "taken", kind="notebook")]))
    result = grade_class(paths, tiny.UNIT, PLAIN)
    assert (status(result)["a"], points(result)["a"]) == ("broken", 0)


@pytest.mark.sandbox
def test_plain_nbgrader_autograde_uses_the_same_preprocessors(paths):
    tiny.submit(paths.class_dir, "a", tiny.handed_in(double=None))
    tiny.submit(paths.class_dir, "b", b"{")
    bridge.enter_assignment(paths, tiny.UNIT)
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", tiny.UNIT], cwd=paths.root, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    found = load_outcomes(paths.class_dir, tiny.UNIT)
    assert found["a"].points == 5
    assert {one.outcome for one in found["b"].verdicts} == {Outcome.BROKEN}
    with open_gradebook(paths) as gradebook:
        scores = {one.student.id: one.score for one in gradebook.assignment_submissions(tiny.UNIT)}
    assert scores == {"a": 5, "b": 0}


def test_the_assignment_knows_its_stubs_and_changes_its_hash(paths):
    file = paths.solutions / tiny.UNIT / f"{tiny.UNIT}.ipynb"
    first = load_assignment(file, tiny.UNIT)
    assert first.stubs == tiny.STUBS
    assert first.points == 10
    notebook = json.loads(file.read_text())
    notebook["cells"][3]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    file.write_text(json.dumps(notebook))
    assert load_assignment(file, tiny.UNIT).hash == first.hash
    notebook["cells"][4]["source"] = "assert True"
    file.write_text(json.dumps(notebook))
    assert load_assignment(file, tiny.UNIT).hash != first.hash


def test_the_options_of_grade_reach_the_run(paths, no_kernel, monkeypatch):
    monkeypatch.setenv("CVCOURSE_ROOT", str(paths.root))
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    seed = seed_for(paths.class_dir, tiny.UNIT)
    options = "--json --unsafe-no-sandbox --new-seed --anonymous --timeout 7 --workers 3 --scheduler tls://there:1"
    run = CliRunner().invoke(app, ["grade", "01", *options.split()])
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["notes"] == [
        "1 submission ran with your rights, without a wall (--unsafe-no-sandbox)"
    ]
    assert tiny.FarmHere.options == {"workers": 3, "processes": 1, "scheduler": "tls://there:1", "sandbox": False}
    assert seed_for(paths.class_dir, tiny.UNIT) != seed
    assert is_anonymous(paths.class_dir)
    assert CliRunner().invoke(app, ["grade", "01", "--names"]).exit_code == 0
    assert not is_anonymous(paths.class_dir)


def test_the_commands_grade_and_report(paths, no_kernel, monkeypatch):
    monkeypatch.setenv("CVCOURSE_ROOT", str(paths.root))
    tiny.submit(paths.class_dir, "a", tiny.handed_in())
    run = CliRunner().invoke(app, ["grade", "01"])
    assert run.exit_code == 0, run.output
    assert "nothing handed in" in run.output
    run = CliRunner().invoke(app, ["grade", "01", "--student", "b", "--student", "c"])
    assert run.output.startswith("01_tiny: nothing handed in by b, c; take in an export with")
    assert "no submission" not in run.output
    tiny.submit(paths.class_dir, "b", b"{")
    run = CliRunner().invoke(app, ["grade", "tiny", "--json", "--late-penalty", "10"])
    assert run.exit_code == 1
    assert [row["status"] for row in json.loads(run.stdout)["rows"]] == ["unchanged", "broken", *["no submission"] * 2]
    run = CliRunner().invoke(app, ["report", "01"])
    assert run.exit_code == 0, run.output
    assert "Students to look at" in run.output
    run = CliRunner().invoke(app, ["grade", "07"])
    assert isinstance(run.exception, CourseError)
    assert run.output == "", "no empty line before the error's"
