"""The build from end to end on a tiny checkout: what it writes, what it runs again, what it finds out of step."""

import json
import shutil
import sys

import nbformat
import pytest
from typer.testing import CliRunner

from cvcourse.build import pipeline
from cvcourse.build.notebook import serialise, without_outputs
from cvcourse.cli import app
from cvcourse.errors import BuildError, CourseError
from cvcourse.paths import CoursePaths
from tests.tiny_source import ASSIGNMENT, LECTURE, make_checkout

LECTURE_FILE = "course/lectures/01_tiny.ipynb"
SOLUTION_FILE = "solutions/01_tiny/01_tiny.ipynb"
RELEASED_FILE = "course/assignments/01_tiny/01_tiny.ipynb"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> CoursePaths:
    """A checkout that was built once."""
    paths = make_checkout(tmp_path_factory.mktemp("with a space") / "checkout")
    pipeline.build(paths)
    return paths


@pytest.fixture
def checkout(built: CoursePaths, tmp_path) -> CoursePaths:
    """A copy of the built checkout, to be changed."""
    shutil.copytree(built.root, tmp_path / "checkout")
    return CoursePaths(root=tmp_path / "checkout", class_dir=tmp_path / "checkout" / "class")


@pytest.fixture
def no_kernel(monkeypatch) -> None:
    """From here on, running a notebook is a failure."""
    monkeypatch.setattr(pipeline, "execute", lambda *_, **__: pytest.fail("a notebook was run"))


def load(paths: CoursePaths, name: str) -> nbformat.NotebookNode:
    return nbformat.read(paths.root / name, as_version=4)


def edit(paths: CoursePaths, name: str, old: str, new: str) -> None:
    path = paths.root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_writes_three_notebooks_with_the_hash_of_their_source(built):
    stamps = [load(built, name).metadata.cvcourse for name in (LECTURE_FILE, SOLUTION_FILE, RELEASED_FILE)]
    assert [stamp.source for stamp in stamps] == ["source/lectures/01_tiny.py"] + ["source/assignments/01_tiny.py"] * 2
    assert stamps[1].sha256 == stamps[2].sha256 != stamps[0].sha256
    assert all(len(stamp.sha256) == 64 for stamp in stamps)


def test_outputs_are_those_of_a_run_in_order_and_without_this_machine(built):
    code = [cell for cell in load(built, LECTURE_FILE).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3]
    assert code[1].outputs[0].text == "42\n"
    assert code[2].outputs[0].text == "the interpreter lies in $VIRTUAL_ENV\n"
    assert code[2].outputs[1].data["text/plain"] == "<object at 0x...>"
    assert all("execution" not in cell.metadata for cell in code)


def test_notebook_metadata_name_no_version(built):
    metadata = load(built, LECTURE_FILE).metadata
    assert metadata.kernelspec == {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert metadata.language_info == {"name": "python"}


def test_released_notebook_has_the_stub_and_no_secret(built):
    text = (built.root / RELEASED_FILE).read_text(encoding="utf-8")
    assert "raise NotImplementedError()" in text and "double(2) is 4" in text
    assert "twice_the_number" not in text and "8191" not in text and "HIDDEN" not in text
    assert all(not cell.get("outputs") for cell in load(built, RELEASED_FILE).cells)


def test_building_touches_no_class(built):
    assert not (built.root / "class").exists()
    assert not list(built.root.rglob("*.db"))


def test_second_build_runs_nothing(built, no_kernel):
    assert [one.state for one in pipeline.build(built)] == ["in step", "in step"]


def test_notebooks_without_outputs_are_the_same_bytes_from_build_to_build(built, tmp_path):
    again = make_checkout(tmp_path)
    pipeline.build(again, force=True)
    for name in (LECTURE_FILE, SOLUTION_FILE):
        assert serialise(without_outputs(load(built, name))) == serialise(without_outputs(load(again, name)))
    assert (built.root / RELEASED_FILE).read_bytes() == (again.root / RELEASED_FILE).read_bytes()


def test_cell_ids_come_from_grade_id_or_content_and_are_unique(built):
    cells = load(built, RELEASED_FILE).cells
    assert [cell.id for cell in cells][-2:] == ["double", "double-test"]
    assert len({cell.id for cell in cells}) == len(cells)


def test_equal_cells_get_different_ids(tmp_path):
    paths = make_checkout(tmp_path, lecture=LECTURE + "\n# %%\nprint(1)\n\n# %%\nprint(1)\n")
    (source,) = pipeline.sources(paths, ["lectures/01_tiny"])
    ids = [cell.id for cell in pipeline.load(source).cells]
    assert len(set(ids)) == len(ids)
    assert ids == [cell.id for cell in pipeline.load(source).cells]


def test_new_prose_keeps_the_outputs(checkout, no_kernel):
    edit(checkout, "source/lectures/01_tiny.py", "## The product", "## A product")
    assert [one.state for one in pipeline.build(checkout)] == ["outputs kept", "in step"]
    notebook = load(checkout, LECTURE_FILE)
    assert any(cell.source == "## A product" for cell in notebook.cells)
    assert [cell for cell in notebook.cells if cell.cell_type == "code"][1].outputs[0].text == "42\n"
    assert pipeline.check(checkout) == []


def test_new_code_is_run(checkout):
    edit(checkout, "source/lectures/01_tiny.py", "6 * 7", "6 * 8")
    assert [one.state for one in pipeline.build(checkout)] == ["built", "in step"]
    assert "48\\n" in (checkout.root / LECTURE_FILE).read_text(encoding="utf-8")


def test_other_budget_is_run_again_and_found_by_check(checkout):
    findings = pipeline.check(checkout, ["lectures/01_tiny"], budget="smoke")
    assert [one.reason for one in findings] == ["its outputs come from the cpu budget, not from smoke"]


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("source/lectures/01_tiny.py", "six times", "6 times", "changed since it was built"),
        ("pyproject.toml", '""', '"https://github.com/someone/course"', "changed since it was built"),
        (LECTURE_FILE, "six times", "6 times", "changed by hand"),
        (SOLUTION_FILE, "twice_the_number", "twice", "changed by hand"),
        (RELEASED_FILE, "YOUR CODE", "MY CODE", "changed by hand"),
        (LECTURE_FILE, "$VIRTUAL_ENV", "{prefix}", "paths of this machine"),
        (LECTURE_FILE, '"execution_count": 2', '"execution_count": null', "never run"),
        (RELEASED_FILE, '"cells"', '"cell"', "not a notebook that can be read"),
    ],
)
def test_check_finds(checkout, no_kernel, name, old, new, reason):
    edit(checkout, name, old, new.format(prefix=sys.prefix) if "{" in new else new)
    findings = pipeline.check(checkout)
    assert findings and all(reason in one.reason for one in findings[:1])
    if name.endswith(".ipynb"):
        assert findings[0].path == name


def test_check_finds_missing_and_orphaned_notebooks_and_build_removes_orphans(checkout, no_kernel):
    (checkout.root / LECTURE_FILE).unlink()
    (checkout.root / "source/assignments/01_tiny.py").unlink()
    by_hand = checkout.root / "course" / "mine.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), by_hand)
    found = {one.path: one.reason for one in pipeline.check(checkout)}
    assert found[LECTURE_FILE] == "it is missing"
    assert {SOLUTION_FILE, RELEASED_FILE} < set(found) and len(found) == 3
    (checkout.root / "source/lectures/01_tiny.py").unlink()
    pipeline.build(checkout)
    assert [path.name for path in checkout.root.rglob("*.ipynb")] == ["mine.ipynb"]


def test_a_failing_cell_is_named_and_nothing_is_written(checkout):
    before = {path: path.read_bytes() for path in checkout.root.rglob("*.ipynb")}
    edit(checkout, "source/assignments/01_tiny.py", "number + number", "number + 1")
    with pytest.raises(
        BuildError, match=r"assignments/01_tiny, cell 5 \(double-test\): AssertionError: double\(2\) is 4"
    ):
        pipeline.build(checkout)
    assert before == {path: path.read_bytes() for path in checkout.root.rglob("*.ipynb")}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("5", "does not earn its points"),
        ("print('careful', file=sys.stderr)", "writes to stderr"),
    ],
)
def test_a_solution_must_earn_its_points(checkout, line, message):
    edit(checkout, "source/assignments/01_tiny.py", "### END HIDDEN TESTS", f"### END HIDDEN TESTS\n{line}")
    with pytest.raises(BuildError, match=rf"cell 5 \(double-test\): .*{message}"):
        pipeline.build(checkout, ["assignments/01_tiny"])


def test_a_hang_is_tried_again_and_reported(checkout, tmp_path):
    flag = tmp_path / "flag"
    once = f"from pathlib import Path\nflag = Path({str(flag)!r})\nif not flag.exists():\n    flag.touch()\n"
    hang = "    import time\n    time.sleep(60)\n"
    edit(checkout, "source/lectures/01_tiny.py", "print(6 * 7)", f"{once}{hang}print(6 * 7)")
    (result,) = pipeline.build(checkout, ["lectures/01_tiny"], cell_seconds=2)
    assert result.state == "built"
    assert result.remarks == ["cell 4 (from pathlib import Path): no end after 2 s; the notebook was run again"]


def test_a_second_hang_is_an_error(checkout):
    edit(checkout, "source/lectures/01_tiny.py", "print(6 * 7)", "import time\ntime.sleep(60)")
    with pytest.raises(
        BuildError, match=r"lectures/01_tiny, cell 4 \(import time\): no end after 1 s, in a second try"
    ):
        pipeline.build(checkout, ["lectures/01_tiny"], cell_seconds=1)


def test_a_kernel_that_dies_twice_is_an_error(checkout):
    edit(checkout, "source/lectures/01_tiny.py", "print(6 * 7)", "import os\nos._exit(1)")
    with pytest.raises(BuildError, match=r"cell 4 \(import os\): the kernel died, in a second try too"):
        pipeline.build(checkout, ["lectures/01_tiny"])


@pytest.mark.parametrize("unit", ["01_tiny", "01", "tiny"])
def test_a_unit_is_both_its_sources(built, unit):
    assert [one.label for one in pipeline.sources(built, [unit])] == ["lectures/01_tiny", "assignments/01_tiny"]


@pytest.mark.parametrize("unit", ["lectures/01", "lectures/01_tiny", "source/lectures/01_tiny.py"])
def test_one_script_can_be_named(built, unit):
    assert [one.label for one in pipeline.sources(built, [unit])] == ["lectures/01_tiny"]


def test_an_unknown_unit_lists_the_known(built):
    with pytest.raises(CourseError, match=r"no source is called '7'; there are: lectures/01_tiny, assignments/01_tiny"):
        pipeline.build(built, ["7"])


def test_command_reports_points_and_exit_codes(checkout, monkeypatch, no_kernel):
    monkeypatch.chdir(checkout.root)
    run = CliRunner().invoke
    done = run(app, ["build", "--json"])
    assert done.exit_code == 0
    assert [one["points"] for one in json.loads(done.stdout)] == [0, 2]
    assert run(app, ["build", "--check"]).exit_code == 0
    edit(checkout, RELEASED_FILE, "YOUR CODE", "MY CODE")
    done = run(app, ["build", "--check", "--json"])
    assert done.exit_code == 1
    assert [one["path"] for one in json.loads(done.stdout)] == [RELEASED_FILE]
    assert (checkout.root / "source/assignments/01_tiny.py").read_text(encoding="utf-8") == ASSIGNMENT
