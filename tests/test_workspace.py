"""The reader's workspace: new releases come in, the reader's work stays."""

import json
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cvcourse.errors import ClassError, CourseError
from cvcourse.lab import class_with_gradebook
from cvcourse.paths import CoursePaths
from cvcourse.workspace import Update, update

LECTURE = "lectures/01_convolutions.ipynb"
NEWER = "lectures/01_convolutions.new-release.ipynb"


@pytest.fixture
def course(tmp_path) -> Path:
    for name in (LECTURE, "assignments/01_convolutions/01_convolutions.ipynb"):
        put(tmp_path / "course" / name, "release 1")
    return tmp_path / "course"


@pytest.fixture
def workspace(course, tmp_path) -> Path:
    """A workspace into which the first release was copied."""
    update(course, tmp_path / "work space")
    return tmp_path / "work space"


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def texts(folder: Path) -> dict[str, str]:
    """Every file of a folder but the manifest."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and ".cvcourse" not in path.parts
    }


def test_first_time_everything_is_copied(course, tmp_path):
    changes = update(course, tmp_path / "new")
    assert texts(tmp_path / "new") == texts(course)
    assert changes.added == sorted(texts(course)) and not changes.updated and not changes.beside


def test_a_second_time_nothing_happens(course, workspace):
    changes = update(course, workspace)
    assert changes == Update() and changes.lines() == []


def test_unchanged_files_follow_the_course(course, workspace):
    put(course / LECTURE, "release 2")
    assert update(course, workspace).updated == [LECTURE]
    assert texts(workspace) == texts(course)


def test_a_changed_file_stays_and_is_not_mentioned_while_there_is_nothing_newer(course, workspace):
    put(workspace / LECTURE, "my answer")
    changes = update(course, workspace)
    assert changes.kept == 1 and changes.lines() == []
    assert texts(workspace)[LECTURE] == "my answer" and NEWER not in texts(workspace)


def test_a_newer_release_is_put_beside_a_changed_file_once(course, workspace):
    put(workspace / LECTURE, "my answer")
    put(course / LECTURE, "release 2")
    changes = update(course, workspace)
    assert changes.beside == {LECTURE: NEWER}
    assert changes.lines() == [f"{LECTURE} has a newer release. Yours is as it was; the new one is {NEWER}"]
    assert texts(workspace)[LECTURE] == "my answer" and texts(workspace)[NEWER] == "release 2"
    (workspace / NEWER).unlink()
    assert update(course, workspace).beside == {}
    assert NEWER not in texts(workspace)


def test_an_untouched_newer_release_is_replaced_by_a_still_newer_one(course, workspace):
    put(workspace / LECTURE, "my answer")
    for release in ("release 2", "release 3"):
        put(course / LECTURE, release)
        update(course, workspace)
    assert texts(workspace)[NEWER] == "release 3"
    assert len(texts(workspace)) == 3


def test_a_newer_release_in_which_the_reader_worked_is_not_overwritten(course, workspace):
    put(workspace / LECTURE, "my answer")
    put(course / LECTURE, "release 2")
    update(course, workspace)
    put(workspace / NEWER, "my second answer")
    put(course / LECTURE, "release 3")
    second = "lectures/01_convolutions.new-release-2.ipynb"
    assert update(course, workspace).beside == {LECTURE: second}
    kept = texts(workspace)
    assert (kept[LECTURE], kept[NEWER], kept[second]) == ("my answer", "my second answer", "release 3")


def test_a_file_that_the_reader_brought_up_to_date_follows_the_course_again(course, workspace):
    put(workspace / LECTURE, "release 2")
    put(course / LECTURE, "release 2")
    update(course, workspace)
    put(course / LECTURE, "release 3")
    assert update(course, workspace).updated == [LECTURE]


def test_a_deleted_file_comes_back(course, workspace):
    (workspace / LECTURE).unlink()
    assert update(course, workspace).added == [LECTURE]


@pytest.fixture
def notebook(course, workspace):
    """The lecture as a real notebook, in the course and in the workspace."""
    cells = [new_markdown_cell("# Title", id="a"), new_code_cell("1 + 1\n2", id="b", execution_count=1)]
    cells[1].outputs = [new_output("execute_result", data={"text/plain": "2"}, execution_count=1)]
    built = new_notebook(cells=cells, metadata={"cvcourse": {"sha256": "1"}})
    nbformat.write(built, course / LECTURE)
    update(course, workspace)
    return built


def look(notebook) -> None:
    """What JupyterLab does to a notebook that is opened, but not run."""
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    notebook.cells[1].metadata["trusted"] = True


def rerun(notebook) -> None:
    notebook.cells[1].outputs[0].data["text/plain"] = "3"


def edit(notebook) -> None:
    notebook.cells[0].source = "# My title"


@pytest.mark.parametrize(("change", "theirs"), [(look, False), (rerun, True), (edit, True)])
def test_a_notebook_is_the_readers_when_a_cell_or_an_output_changed(course, workspace, notebook, change, theirs):
    newer = deepcopy(notebook)
    newer.metadata.cvcourse.sha256 = "2"
    change(notebook)
    nbformat.write(notebook, workspace / LECTURE)
    assert update(course, workspace).updated == []
    nbformat.write(newer, course / LECTURE)
    changes = update(course, workspace)
    assert (changes.updated, list(changes.beside)) == (([], [LECTURE]) if theirs else ([LECTURE], []))
    assert ("My title" in texts(workspace)[LECTURE]) == (change is edit)


def test_files_of_the_readers_own_stay(course, workspace):
    put(workspace / "lectures" / "my notes.ipynb", "notes")
    update(course, workspace)
    assert texts(workspace)["lectures/my notes.ipynb"] == "notes"


@pytest.mark.parametrize("manifest", ["", "[]", '{"placed": 3}', None])
def test_without_its_manifest_every_file_that_differs_is_the_readers(course, workspace, manifest):
    path = workspace / ".cvcourse" / "manifest.json"
    path.unlink() if manifest is None else path.write_text(manifest, encoding="utf-8")
    put(course / LECTURE, "release 2")
    assert update(course, workspace).beside == {LECTURE: NEWER}
    assert texts(workspace)[LECTURE] == "release 1"


def test_checkpoints_are_not_part_of_the_course(course, workspace):
    put(course / "lectures" / ".ipynb_checkpoints" / "x.ipynb", "old")
    assert update(course, workspace) == Update()


def test_an_interrupted_update_does_not_make_our_files_the_readers(course, tmp_path, monkeypatch):
    import cvcourse.workspace as module

    copy, done = module._copy, []

    def full_disk(source, target):
        if done:
            raise OSError(28, "No space left on device")
        done.append(copy(source, target))

    monkeypatch.setattr(module, "_copy", full_disk)
    with pytest.raises(OSError, match="No space"):
        update(course, tmp_path / "new")
    monkeypatch.setattr(module, "_copy", copy)
    for name in texts(course):
        put(course / name, "release 2")
    changes = update(course, tmp_path / "new")
    assert len(changes.added) == len(changes.updated) == 1 and not changes.beside


def test_a_folder_in_the_place_of_a_file_is_an_error(course, workspace):
    (workspace / LECTURE).unlink()
    (workspace / LECTURE).mkdir()
    with pytest.raises(CourseError, match="is not a file: move it away"):
        update(course, workspace)


def test_a_course_that_was_not_built_is_an_error(tmp_path):
    with pytest.raises(CourseError, match="holds no notebooks: build them"):
        update(tmp_path / "course", tmp_path / "workspace")
    assert not (tmp_path / "workspace").exists()


def test_the_manifest_is_json_with_relative_names(course, workspace):
    manifest = json.loads((workspace / ".cvcourse" / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(manifest["placed"]) == sorted(texts(course))


@pytest.mark.parametrize("names", [("class", "class/demo"), ("class/demo",), ("elsewhere",)])
def test_formgrader_takes_the_class_with_a_gradebook(tmp_path, names):
    paths = CoursePaths(root=tmp_path, class_dir=tmp_path / "class")
    for name in names:
        put(tmp_path / name / "gradebook.db", "")
    wanted = tmp_path / "elsewhere" if "elsewhere" in names else None
    assert class_with_gradebook(paths, wanted) == tmp_path / names[0]


@pytest.mark.parametrize("wanted", [None, "elsewhere"])
def test_formgrader_without_a_class_says_what_to_do(tmp_path, wanted):
    paths = CoursePaths(root=tmp_path, class_dir=tmp_path / "class")
    with pytest.raises(ClassError, match=r"no gradebook in .*: grade a class first, or make one with `make demo`"):
        class_with_gradebook(paths, wanted and tmp_path / wanted)
