"""`nbgrader_config.py` of a class folder: nbgrader started there grades this class, behind walls, or not at all."""

import shutil
import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell
from traitlets.config.loader import PyFileConfigLoader

from cvcourse.grading import bridge
from cvcourse.grading.class_config import class_config
from cvcourse.grading.collect import collect
from cvcourse.grading.grade import Options, grade_class
from cvcourse.grading.outcomes import load_outcomes
from cvcourse.grading.store import write_all
from cvcourse.paths import MARKER, CoursePaths
from tests import tiny_course as tiny
from tests.exports import PLAIN, make_class, work, write


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return tiny.make_class(tmp_path_factory.mktemp("template") / "course").root


@pytest.fixture
def paths(template, tmp_path) -> CoursePaths:
    """A class beside its checkout."""
    root = shutil.copytree(template, tmp_path / "a course")
    return CoursePaths(root, (root / "class").rename(tmp_path / "the class's folder"))


def load(class_dir):
    return PyFileConfigLoader(MARKER, path=str(class_dir)).load_config()


@pytest.mark.sandbox
def test_nbgrader_in_the_class_folder_runs_submissions_behind_walls(paths, tmp_path):
    write_all(class_config(paths))
    notebook = tiny.handed_in(double=None)
    notebook.cells.insert(2, new_code_cell(f"open({str(tmp_path / 'written')!r}, 'w')"))
    tiny.submit(paths.class_dir, "a", notebook)
    command = [sys.executable, "-m", "nbgrader", "autograde", tiny.UNIT, "--student", "a", "--force"]
    run = subprocess.run(command, cwd=paths.class_dir, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert not (tmp_path / "written").exists()
    assert load_outcomes(paths.class_dir, tiny.UNIT)["a"].points == 5
    assert not (paths.root / "class").exists(), "not the default class"


def test_it_is_the_checkouts_for_this_class(paths, monkeypatch):
    monkeypatch.setenv("CVCOURSE_CLASS", "/another")
    write_all(class_config(paths))
    here, there = load(paths.class_dir), bridge.nbgrader_config(paths)
    for name in ("Autograde", "GenerateFeedback", "ExecutePreprocessor", "OverwriteCells"):
        assert here[name] == there[name], name
    for name in ("submitted_directory", "autograded_directory", "feedback_directory", "db_url"):
        assert here.CourseDirectory[name] == there.CourseDirectory[name]
    assert here.CourseDirectory.source_directory == str(paths.solutions)
    assert here.CourseDirectory.root == str(paths.class_dir)


def test_roster_collect_and_grade_write_it_once(tmp_path, monkeypatch):
    paths = make_class(tmp_path, PLAIN)
    config = paths.class_dir / MARKER
    first = config.read_text()
    config.unlink()
    write(tmp_path / "export" / "ada" / f"{tiny.UNIT}.ipynb", work())
    collect(paths, tmp_path / "export", tiny.UNIT)
    assert config.read_text() == first
    config.unlink()
    monkeypatch.setattr("cvcourse.grading.grade.Farm", tiny.FarmHere)
    grade_class(paths, tiny.UNIT, Options())
    assert config.read_text() == first
    assert class_config(paths) == {}
    assert class_config(CoursePaths(paths.root, paths.root)) == {}, "the checkout's own is no class's"


def test_settings_of_the_instructors_own_stay_and_have_the_last_word(paths):
    own = "c = get_config()\nc.ExecutePreprocessor.timeout = 7\n"
    config = write(paths.class_dir / MARKER, own)
    write_all(class_config(paths))
    assert config.read_text().endswith(own)
    assert load(paths.class_dir).ExecutePreprocessor.timeout == 7
    moved = CoursePaths(paths.root.rename(paths.root.parent / "moved"), paths.class_dir)
    write_all(class_config(moved))
    assert config.read_text().count("cvcourse: begin") == 1
    assert config.read_text().endswith(own)
    assert load(paths.class_dir).CourseDirectory.source_directory == str(moved.solutions)


def test_without_the_checkout_nothing_is_graded(paths):
    write_all(class_config(paths))
    shutil.rmtree(paths.root)
    with pytest.raises(SystemExit, match="holds no course"):
        load(paths.class_dir)
