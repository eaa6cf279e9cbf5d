"""`cvcourse extend`: personal due dates, kept by us and told to nbgrader."""

from datetime import UTC, datetime, timedelta

import pytest

from cvcourse.grading.collect import collect
from cvcourse.grading.due import due_for, set_due
from cvcourse.grading.gradebook import open_gradebook
from tests.exports import canvas_name, make_class, run_cli, snapshot, work, zipped
from tests.tiny_course import UNIT

DUE = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def course(tmp_path):
    paths = make_class(tmp_path)
    with open_gradebook(paths) as gradebook:
        set_due(gradebook, UNIT, DUE)
    return paths


@pytest.mark.parametrize("who", ["13", "grace@example.org", "GRACE HOPPER", "Hopper, Grace"])
def test_by_days_or_date_for_one_student(course, monkeypatch, who):
    code, out, _ = run_cli(monkeypatch, course, "extend", who, "01", "--days", "2")
    assert code == 0
    assert "Grace Hopper (13) may hand in 01_tiny until" in out
    assert due_for(course, UNIT, "13") == DUE + timedelta(days=2)
    assert due_for(course, UNIT, "12") == DUE
    run_cli(monkeypatch, course, "extend", who, "01", "--until", "2026-12-09T10:00+00:00")
    assert due_for(course, UNIT, "13") == datetime(2026, 12, 9, 10, tzinfo=UTC)
    run_cli(monkeypatch, course, "extend", who, "01", "--remove")
    assert due_for(course, UNIT, "13") == DUE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["alan", "01", "--days", "1"], "'alan' is not on the roster of 3 students"),
        (["13", "09", "--days", "1"], "no unit is called '09'"),
        (["13", "01"], "give one of --until DATE, --days N and --remove"),
        (["13", "01", "--days", "1", "--remove"], "give one of"),
        (["13", "01", "--days", "-1"], "makes no sense"),
        (["13", "01", "--until", "2026-11-01"], "is not after the due date"),
        (["13", "01", "--until", "soon"], "is no date"),
    ],
)
def test_bad_input(course, monkeypatch, arguments, message):
    before = snapshot(course.class_dir)
    code, _, err = run_cli(monkeypatch, course, "extend", *arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert message in err
    assert snapshot(course.class_dir) == before


def test_days_need_a_due_date(tmp_path, monkeypatch):
    paths = make_class(tmp_path)
    code, _, err = run_cli(monkeypatch, paths, "extend", "13", "01", "--days", "1")
    assert code == 2
    assert "has no due date yet" in err
    assert run_cli(monkeypatch, paths, "extend", "13", "01", "--until", "2026-12-09")[0] == 0


def test_an_extended_student_is_not_late(course, monkeypatch, tmp_path):
    export = {canvas_name(who, number, number, late=True): work(who) for who, number in [("x", 12), ("y", 13)]}
    run_cli(monkeypatch, course, "extend", "13", "01", "--days", "5")
    monkeypatch.setenv("TZ", "UTC")
    result = collect(course, zipped(tmp_path / "e.zip", export, (2026, 12, 3, 0, 0, 0)), UNIT)
    assert result.late == ["12"]


@pytest.mark.filterwarnings("ignore:Object of type <SubmittedAssignment>")  # nbgrader's own, with SQLAlchemy 2
def test_nbgrader_knows_it_as_soon_as_there_is_a_submission(course, monkeypatch):
    late = DUE + timedelta(days=1)
    with open_gradebook(course) as gradebook:
        gradebook.add_submission(UNIT, "13", timestamp=late.replace(tzinfo=None))
        assert gradebook.find_submission(UNIT, "13").total_seconds_late == 24 * 3600
    run_cli(monkeypatch, course, "extend", "13", "01", "--days", "2")
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission(UNIT, "13").total_seconds_late == 0
    run_cli(monkeypatch, course, "extend", "13", "01", "--remove")
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission(UNIT, "13").extension is None
