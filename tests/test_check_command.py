"""`cvcourse check`: a student's notebook against visible and hidden tests, with and without the course at hand."""

import copy
import json
import os
import shutil
import subprocess
import sys

import pytest

from cvcourse.errors import CourseError
from cvcourse.grading import check as module
from cvcourse.grading.check import HIDDEN_HERE, check
from cvcourse.grading.outcomes import Outcome
from tests import tiny_course as tiny


@pytest.fixture
def course(tmp_path):
    return tiny.make_course(tmp_path / "course")


@pytest.fixture
def no_kernel(monkeypatch):
    """Run the cells in this process, hidden tests with a seed of their own."""
    monkeypatch.setattr(
        module, "execute_in", lambda notebook, environment, limits: tiny.run_here(notebook, "5", limits)
    )


@pytest.fixture
def write(course):
    def at(work, folder="workspace", name="mine.ipynb"):
        path = course / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(work if isinstance(work, bytes) else tiny.as_bytes(work))
        return path

    return at


def found(result):
    return {one.grade_id: one.outcome for one in result.verdicts}


def test_hidden_tests_run_where_solutions_are_at_hand(write, no_kernel):
    result = check(write(tiny.handed_in(shift="def shift(x):\n    return 11 if x == 1 else x + 10 + (x < 0)")))
    assert result.against == "solutions"
    assert found(result) == {
        "double-visible": Outcome.PASSED,
        "double-hidden": Outcome.PASSED,
        "shift-visible": Outcome.PASSED,
        "shift-hidden": Outcome.FAILED,
    }
    assert (result.points, result.max_points, result.hidden_points) == (6, 10, 0)
    assert not result.clean


def test_without_solutions_a_hidden_test_is_not_counted_as_passed(write, course, no_kernel):
    shutil.rmtree(course / "solutions")
    result = check(write(tiny.handed_in()))
    assert result.against == "release"
    assert found(result)["double-hidden"] == Outcome.HIDDEN
    assert (result.points, result.max_points, result.hidden_points) == (7, 7, 3)
    assert [one.reason for one in result.verdicts if one.outcome == Outcome.HIDDEN] == [HIDDEN_HERE]
    assert result.clean


def alone(tmp_path, monkeypatch, work):
    path = tmp_path / "elsewhere" / "mine.ipynb"
    path.parent.mkdir()
    path.write_bytes(tiny.as_bytes(work))
    monkeypatch.chdir(path.parent)
    return path


def test_a_lone_notebook_is_its_own_reference(tmp_path, monkeypatch, no_kernel):
    result = check(alone(tmp_path, monkeypatch, tiny.handed_in(double=None)))
    assert result.against == "itself"
    assert found(result) == {
        "double-visible": Outcome.NOT_ATTEMPTED,
        "double-hidden": Outcome.HIDDEN,
        "shift-visible": Outcome.PASSED,
        "shift-hidden": Outcome.PASSED,
    }


def test_copied_cells_are_named_with_what_to_do(write, tmp_path, monkeypatch, no_kernel):
    work = tiny.handed_in()
    work.cells.append(copy.deepcopy(tiny.cell_of(work, "double")))
    for path in (write(work), alone(tmp_path, monkeypatch, work)):
        result = check(path)
        assert not result.clean
        assert "2 cells are called 'double'" in result.problems[0]
        assert "delete the other" in result.problems[0]


def test_lost_names_are_told_and_the_tests_run_all_the_same(write, no_kernel):
    work = tiny.handed_in()
    tiny.cell_of(work, "double").metadata = {}
    result = check(write(work))
    assert any("answer cell 'double' is missing or has lost its name" in one for one in result.problems)
    assert set(found(result).values()) == {Outcome.PASSED}
    assert not result.clean


def test_a_lone_notebook_without_any_metadata_is_refused(tmp_path, monkeypatch, no_kernel):
    work = tiny.handed_in()
    for cell in work.cells:
        cell.metadata = {}
    with pytest.raises(CourseError, match="no test cells"):
        check(alone(tmp_path, monkeypatch, work))


@pytest.mark.parametrize("data", [b"", b"{", b"text"])
def test_a_file_that_is_no_notebook_is_one_line(write, data):
    with pytest.raises(CourseError, match="the file is"):
        check(write(data))


def test_the_readers_own_environment_and_fresh_inputs(write, monkeypatch):
    seen = {}
    monkeypatch.setenv("CVCOURSE_SEED", "42")
    monkeypatch.setenv("CVCOURSE_DATA", "/data")
    monkeypatch.setattr(module, "execute_in", lambda notebook, environment, limits: seen.update(environment) or {})
    check(write(tiny.handed_in()))
    assert "CVCOURSE_SEED" not in seen
    assert seen["CVCOURSE_DATA"] == "/data"


NO_NBGRADER = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("nbgrader", "nbconvert", "jupytext", "sqlalchemy"):
            raise ModuleNotFoundError(f"{name} is not installed", name=name)

sys.meta_path.insert(0, Refuse())
from cvcourse.cli import main
main()
"""


def command(path, *options):
    environment = {name: value for name, value in os.environ.items() if name != "CVCOURSE_ROOT"}
    return subprocess.run(
        [sys.executable, "-c", NO_NBGRADER, "check", str(path), *options],
        cwd=path.parent,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_command_works_without_nbgrader_and_says_what_failed(tmp_path, monkeypatch):
    path = alone(tmp_path, monkeypatch, tiny.handed_in(double="def double(x):\n    return 7"))
    before = path.read_bytes()
    run = command(path, "--json")
    assert run.returncode == 1, run.stderr
    result = json.loads(run.stdout)
    assert result["verdicts"][0]["reason"] == "AssertionError: double(3) is 6, not 7"
    assert (result["points"], result["max_points"]) == (5, 7)
    assert path.read_bytes() == before


def test_the_commands_exit_codes_and_table(write):
    run = command(write(tiny.handed_in()))
    assert run.returncode == 1, (
        run.stdout + run.stderr
    )  # the tiny hidden test asks for a seed, which check does not set
    assert "Exercise 1: Double" in run.stdout
    assert "7 of 10 points" in run.stdout
    broken = command(write(b"{", name="broken.ipynb"))
    assert broken.returncode == 2
    assert broken.stderr.startswith("cvcourse: the file is not valid JSON")
    assert command(write(b"", name="x.ipynb").with_name("none.ipynb")).returncode == 2
