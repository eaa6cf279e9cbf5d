"""The demo's plan agrees with assignment and bank, it leaves other folders alone, and it notices wrong points."""

import copy
from dataclasses import replace

import jupytext
import pytest

from cvcourse.errors import ClassError
from cvcourse.grading import demo
from cvcourse.grading.cells import is_answer, test_cells
from cvcourse.grading.demo_cases import BLANK, CASES, EVERYTHING, UNIT
from cvcourse.grading.demo_files import _DAMAGE, Material, handed_in, student_id, write_export
from cvcourse.grading.outcomes import Graded, Outcome, Verdict
from cvcourse.grading.owner import People, owner_of
from cvcourse.grading.report import Report, StudentResult
from cvcourse.grading.roster import Roster, Student


@pytest.fixture(scope="module")
def source():
    from tests.tiny_course import ROOT

    return jupytext.read(ROOT / "source" / "assignments" / f"{UNIT}.py")


@pytest.fixture(scope="module")
def tests(source):
    return test_cells(source)


def test_there_are_24_students_of_every_kind():
    assert len(CASES) == 24
    assert {case.damage for case in CASES} - {""} == set(_DAMAGE)
    assert sum(case.late for case in CASES) >= 2
    assert {"broken", "graded"} == {case.status for case in CASES}
    assert any(BLANK in case.answers.values() for case in CASES)


def test_the_plan_names_answers_and_tests_that_exist(root, source, tests):
    answers = {cell.metadata["nbgrader"]["grade_id"] for cell in source.cells if is_answer(cell)}
    ids = {test.grade_id for test in tests}
    for case in CASES:
        for exercise, name in [*case.answers.items(), *(case.first or {}).items()]:
            if name != BLANK:
                assert (root / "tests" / "answers" / UNIT / exercise / f"{name}.py").is_file(), (case.what, name)
                assert exercise in answers
        for exercise, ends in case.loses.items():
            if EVERYTHING not in (exercise, ends):
                assert {f"{exercise}_{end}" for end in ends.split()} <= ids, case.what


def test_a_right_answer_loses_nothing_and_a_wrong_one_something(tests):
    for case in CASES:
        wrong = any(name == BLANK or name.startswith("wrong") for name in case.answers.values())
        damaged = case.damage in ("cut_off", "missing_cells", "endless_loop", "killed_kernel")
        assert bool(demo.must_lose(case, tests)) == (wrong or damaged), case.what


def test_expected_points_come_from_the_plan(tests):
    worth = sum(test.points for test in tests)
    by_what = {case.what: demo.expected_points(case, tests) for case in CASES}
    assert by_what["the solution"] == worth
    assert by_what["rounds up"] == worth - 4
    assert by_what["right, a day and a half late"] == pytest.approx(0.8 * worth)
    assert by_what["a file cut off in the middle"] == 0


def test_another_folder_is_left_alone_and_its_own_is_made_anew(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "gradebook.db").write_text("precious")
    with pytest.raises(ClassError, match="left alone"):
        demo.fresh_folder(tmp_path / "real")
    assert (tmp_path / "real" / "gradebook.db").read_text() == "precious"
    mine = demo.fresh_folder(tmp_path / "demo")
    (mine / "old.txt").write_text("old")
    assert demo.fresh_folder(tmp_path / "demo") == mine
    assert [path.name for path in mine.iterdir()] == [demo.MARKER]


def test_a_real_gradebook_in_the_environment_is_not_used(monkeypatch):
    import os

    monkeypatch.setenv("CVCOURSE_GRADEBOOK", "postgresql://real")
    with demo._own_gradebook():
        assert "CVCOURSE_GRADEBOOK" not in os.environ
    assert os.environ["CVCOURSE_GRADEBOOK"] == "postgresql://real"


@pytest.fixture(scope="module")
def material(root_folder, source):
    """The demo's material without a build."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    released = ClearHiddenTests().preprocess(ClearSolutions().preprocess(copy.deepcopy(source), {})[0], {})[0]
    solutions = {cell.metadata["nbgrader"]["grade_id"]: cell.source for cell in source.cells if is_answer(cell)}
    return Material(released, solutions, root_folder / "tests" / "answers" / UNIT)


@pytest.fixture(scope="module")
def root_folder():
    from tests.tiny_course import ROOT

    return ROOT


def test_the_export_is_one_that_canvas_could_have_made(tmp_path, material):
    import zipfile

    path = write_export(tmp_path / "submissions.zip", material)
    ids = [student_id(n) for n in range(1, 25)]
    roster = {
        i: Student(i, f"Student {n:02d}", "Student", f"{n:02d}", lms="canvas", lms_id=i) for n, i in enumerate(ids, 1)
    }
    people = People(Roster(roster, "canvas"))
    with zipfile.ZipFile(path) as archive:
        owners = [owner_of(name, people) for name in archive.namelist()]
    known = [owner.student for owner in owners if owner.student]
    assert set(known) == set(ids)
    assert len(known) == 25
    assert sorted(bool(owner.late) for owner in owners).count(True) == 2
    assert [owner.reason for owner in owners if not owner.student]


def test_no_solution_mark_is_handed_in(material):
    for case in CASES:
        assert b"BEGIN SOLUTION" not in handed_in(case, material)


@pytest.fixture
def result(tests):
    """A report and outcomes exactly as planned."""
    students, outcomes = [], {}
    for number, case in enumerate(CASES, 1):
        lost = demo.must_lose(case, tests)
        verdicts = []
        for test in tests:
            how = next(
                (o for e, o in case.outcomes.items() if e in (EVERYTHING, test.grade_id[: len(e)])), Outcome.FAILED
            )
            outcome = how if test.grade_id in lost else Outcome.PASSED
            verdicts.append(Verdict(test.grade_id, test.exercise, outcome, 0.0, test.points))
        points = demo.expected_points(case, tests)
        students.append(StudentResult(student_id(number), f"Student {number:02d}", case.status, points))
        outcomes[student_id(number)] = Graded(student_id(number), {}, verdicts)
    return Report(UNIT, 0.0, "1", students, [], [], [], {}), outcomes


class _Assignment:
    def __init__(self, tests):
        self.tests = tests


def test_a_run_as_planned_is_clean_and_every_difference_is_noticed(result, tests):
    report, outcomes = result

    def clean():
        return demo.Demo(demo.compare(_Assignment(tests), report, outcomes), [], {}, 0.0)

    assert clean().clean
    report.students[4].points -= 1
    assert [row.student for row in clean().rows if row.problems] == [student_id(5)]
    report.students[4].points += 1
    crashed = outcomes[student_id(3)]
    for place, one in enumerate(crashed.verdicts):
        if one.outcome == Outcome.CRASHED:
            crashed.verdicts[place] = replace(one, outcome=Outcome.FAILED)
    assert "failed instead of crashed" in "".join(clean().rows[2].problems)
    del outcomes[student_id(7)]
    assert clean().rows[6].problems == ["was not graded"]
