"""`cvcourse release`: what students get, what they must not get, due dates."""

import ast
import copy
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import nbformat
import pytest

from cvcourse.build import pipeline
from cvcourse.errors import ClassError
from cvcourse.grading import bundle
from cvcourse.grading.due import due_dates, due_for, parse_date
from cvcourse.grading.release import release
from cvcourse.paths import CoursePaths
from tests.exports import empty_gradebook, run_cli, snapshot
from tests.tiny_source import ASSIGNMENT, LECTURE, ROOT, make_checkout

UNIT = "01_tiny"
LECTURE_WITH_LINKS = (
    LECTURE
    + """
# %% [markdown]
# Now [solve it](../assignments/01_tiny/01_tiny.ipynb), or read [again](../lectures/01_tiny.ipynb#The-product).
"""
)


def numbered(notebook, *_, **__):
    """In place of running a notebook, which the tests of the build do: its cells are counted."""
    running = copy.deepcopy(notebook)
    for count, cell in enumerate((cell for cell in running.cells if cell.cell_type == "code"), start=1):
        cell.execution_count = count
    return running, []


@pytest.fixture(scope="module", autouse=True)
def no_kernel():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "execute", numbered)
        yield


@pytest.fixture(scope="module")
def built(no_kernel, tmp_path_factory) -> CoursePaths:
    """A built checkout with the real package and an empty class."""
    paths = make_checkout(tmp_path_factory.mktemp("a course") / "checkout", LECTURE_WITH_LINKS, ASSIGNMENT)
    for name in ("pyproject.toml", "LICENSE", "LICENSE-TEXT", "README.md", ".gitignore"):
        shutil.copy(ROOT / name, paths.root)
    shutil.copytree(ROOT / "cvcourse", paths.root / "cvcourse", ignore=shutil.ignore_patterns("__pycache__"))
    pipeline.build(paths)
    empty_gradebook(paths)
    return paths


@pytest.fixture(scope="module")
def handed_out(built):
    """The tiny unit released with a due date."""
    return release(built, UNIT, parse_date("2026-12-01T23:59+01:00"))


@pytest.fixture
def checkout(built, tmp_path) -> CoursePaths:
    """A copy of the built checkout, to be changed."""
    shutil.copytree(built.root, tmp_path / "checkout", ignore=shutil.ignore_patterns("cvcourse", "released"))
    return CoursePaths(tmp_path / "checkout", tmp_path / "checkout" / "class")


def contents(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def test_the_bundle_is_one_flat_folder(handed_out):
    names = sorted(contents(handed_out.bundle.read_bytes()))
    wheel = next(name for name in names if name.endswith(".whl"))
    files = ["01_tiny.ipynb", "START.txt", "lecture_01_tiny.ipynb"]
    assert names == sorted([wheel, *(f"{UNIT}/{name}" for name in files)])
    assert wheel.startswith(f"{UNIT}/cvcourse-")


def test_the_assignment_is_nbgraders_to_the_byte_and_gives_nothing_away(built, handed_out):
    files = contents(handed_out.bundle.read_bytes())
    released = (built.release / UNIT / f"{UNIT}.ipynb").read_bytes()
    assert files[f"{UNIT}/{UNIT}.ipynb"] == handed_out.notebook.read_bytes() == released
    for name, data in files.items():
        if not name.endswith(".whl"):
            assert b"twice_the_number" not in data, name
            assert b"8191" not in data, name


def test_the_wheel_holds_the_package_only(handed_out):
    files = contents(handed_out.bundle.read_bytes())
    inside = contents(next(data for name, data in files.items() if name.endswith(".whl")))
    assert "cvcourse/cli.py" in inside
    assert all(re.match(r"cvcourse(-[^/]+\.dist-info)?/", name) for name in inside)
    assert not any(name.endswith((".ipynb", ".pyc")) for name in inside)


def test_the_set_up_cell_finds_the_wheel_beside_the_notebook(handed_out, tmp_path, monkeypatch):
    with zipfile.ZipFile(handed_out.bundle) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / UNIT
    calls = []

    class Shell:
        def run_line_magic(self, name, line):
            calls.append((name, line))

    for file in ("01_tiny.ipynb", "lecture_01_tiny.ipynb"):
        cells = nbformat.read(folder / file, as_version=4).cells
        source = next(cell.source for cell in cells if "setup" in cell.metadata.get("tags", []))
        install = source.replace('find_spec("cvcourse")', "None")
        assert install != source
        ast.parse(install)
        monkeypatch.chdir(folder)
        exec(install, {"get_ipython": Shell})
    assert [name for name, _ in calls] == ["pip", "pip"]
    assert all((folder / line.split()[-1]).is_file() for _, line in calls)


def test_start_txt_names_files_that_are_there_and_no_make(handed_out):
    files = contents(handed_out.bundle.read_bytes())
    text = files[f"{UNIT}/START.txt"].decode()
    wheel = re.search(r'pip install "(cvcourse-\S+\.whl)\[lab\]"', text)[1]
    assert f"{UNIT}/{wheel}" in files
    assert "python -m jupyterlab" in text
    assert "2026-12-01" in text
    assert not re.search(r"\bmake\b", text)
    for name in re.findall(r"^(\S+\.ipynb)\b", text, re.MULTILINE):
        assert f"{UNIT}/{name}" in files


def test_the_wheel_installs_by_the_line_of_start_txt(handed_out, tmp_path):
    with zipfile.ZipFile(handed_out.bundle) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / UNIT
    wheel = re.search(r'"(cvcourse-\S+\.whl\[lab\])"', (folder / "START.txt").read_text())[1]
    # uv, because an environment that uv made has no pip; it reads the same line.
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--no-deps",
        "--offline",
        "--target",
        tmp_path / "t",
        wheel,
    ]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "t" / "cvcourse" / "__init__.py").is_file()


def test_links_of_the_lecture_lead_to_files_of_the_bundle(handed_out):
    files = contents(handed_out.bundle.read_bytes())
    text = json.dumps(nbformat.reads(files[f"{UNIT}/lecture_{UNIT}.ipynb"].decode(), as_version=4).cells)
    links = re.findall(r"\]\(([^)#]+\.ipynb)", text)
    assert sorted(links) == ["01_tiny.ipynb", "lecture_01_tiny.ipynb"]
    assert all(f"{UNIT}/{link}" in files for link in links)


def test_the_same_course_gives_the_same_bundle(built, handed_out, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    os.utime(built.root / "cvcourse" / "cli.py")
    again = bundle.make_bundle(built, UNIT, [built.course / "lectures" / f"{UNIT}.ipynb"], "")
    other = bundle.make_bundle(built, UNIT, [built.course / "lectures" / f"{UNIT}.ipynb"], "")
    assert again == other
    first, second = contents(handed_out.bundle.read_bytes()), contents(again)
    differ = {name for name in first if first[name] != second[name]}
    assert differ == {f"{UNIT}/START.txt"}, "only the due date differs"


def test_the_due_date_is_in_the_gradebook(built, handed_out):
    assert due_for(built, UNIT, "anybody") == datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
    assert due_dates(built, UNIT).of("anybody") == datetime.fromisoformat(handed_out.due)


@pytest.fixture
def quick_wheel(monkeypatch):
    """No real wheel where the test is about something else."""
    monkeypatch.setattr(bundle, "build_wheel", lambda root: ("cvcourse-0-py3-none-any.whl", b"wheel"))


def test_again_without_a_due_date_keeps_it_and_out_goes_elsewhere(checkout, quick_wheel, monkeypatch, tmp_path):
    code, out, _ = run_cli(monkeypatch, checkout, "release", "01", "--due", "2026-12-01", "--out", tmp_path / "out")
    assert code == 0
    assert "2026-12-01 23:59" in out
    code, out, _ = run_cli(monkeypatch, checkout, "release", "tiny", "--json")
    assert json.loads(out)["due"].startswith("2026-12-01T")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["01_tiny.ipynb", "01_tiny_bundle.zip"]


def test_a_class_elsewhere_without_a_roster_is_a_misspelt_one(checkout, quick_wheel, monkeypatch, tmp_path):
    nowhere = CoursePaths(checkout.root, tmp_path / "aunumn")
    code, out, err = run_cli(monkeypatch, nowhere, "release", "01")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "has no roster yet" in err
    assert not nowhere.class_dir.exists()


def test_a_changed_assignment_is_told(checkout, quick_wheel):
    assert release(checkout, UNIT).changed_since == ""
    script = checkout.source / "assignments" / f"{UNIT}.py"
    script.write_text(script.read_text().replace("Double a number.", "Double any number."))
    pipeline.build(checkout)
    assert release(checkout, UNIT).changed_since != ""
    assert release(checkout, UNIT).changed_since == ""


def test_refused_when_out_of_step_or_not_built(checkout, quick_wheel, monkeypatch):
    script = checkout.source / "assignments" / f"{UNIT}.py"
    text = script.read_text()
    script.write_text(text.replace("Double a number.", "Halve a number."))
    before = snapshot(checkout.root)
    code, out, err = run_cli(monkeypatch, checkout, "release", "01")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "is out of step" in err and "run `cvcourse build" in err
    assert snapshot(checkout.root) == before
    script.write_text(text)
    (checkout.release / UNIT / f"{UNIT}.ipynb").unlink()
    code, _, err = run_cli(monkeypatch, checkout, "release", "01")
    assert code == 2
    assert "it is missing" in err


@pytest.mark.parametrize("mark", ["### BEGIN HIDDEN TESTS", "### END SOLUTION"])
def test_refused_with_a_mark_inside(mark):
    text = json.dumps({"cells": [{"source": "x"}, {"source": ["a\n", mark]}]})
    with pytest.raises(ClassError, match=r"cell 2 holds '(BEGIN|END) (HIDDEN TESTS|SOLUTION)'"):
        bundle.refuse_secrets("a.ipynb", text)


def test_names_that_windows_cannot_store_are_refused():
    for name in ("a/con.txt", "a/b?.ipynb", "a/b./c", "aux"):
        with pytest.raises(ClassError, match="cannot be a file's name on Windows"):
            bundle.zip_files({name: b""})
    assert bundle.zip_files({"a/console.txt": b""})


@pytest.mark.parametrize("date", ["tomorrow", "2026-13-01", "1.12.2026"])
def test_a_date_that_is_none(checkout, monkeypatch, date):
    code, _, err = run_cli(monkeypatch, checkout, "release", "01", "--due", date)
    assert (code, err.count("\n")) == (2, 1)
    assert "is no date: write it as 2026-12-01T23:59" in err


def test_dates_without_zone_are_this_machines_and_a_day_ends_at_its_end():
    assert parse_date("2026-12-01T10:00+02:00").astimezone(UTC).hour == 8
    assert parse_date("2026-12-01").strftime("%H:%M") == "23:59"
    assert parse_date("2026-12-01T10:00").tzinfo is not None


def test_a_full_disk_leaves_no_half_bundle(checkout, quick_wheel, monkeypatch, tmp_path):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("cvcourse.grading.store.os.fdopen", full)
        code, _, err = run_cli(monkeypatch, checkout, "release", "01", "--due", "2027-01-01", "--out", tmp_path / "out")
    assert code == 2
    assert "No space left on device" in err
    assert list((tmp_path / "out").iterdir()) == []
    due = due_for(checkout, UNIT, "x")
    assert due is None or due.year == 2026, "the due date did not move"


def test_a_folder_that_is_a_file(checkout, quick_wheel, monkeypatch, tmp_path):
    (tmp_path / "out").write_text("")
    code, _, err = run_cli(monkeypatch, checkout, "release", "01", "--out", tmp_path / "out")
    assert (code, err.count("\n")) == (2, 1)
    assert "cannot write" in err
