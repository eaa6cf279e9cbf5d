"""`cvcourse collect`: exports of Canvas, Moodle and folders, attempts, times, and what is set aside."""

import json
import os
import sqlite3
from datetime import UTC, datetime
from functools import cache

import nbformat
import pytest

from cvcourse.errors import ClassError
from cvcourse.grading.collect import collect
from cvcourse.grading.collection import load_collection, submitted_notebook
from cvcourse.grading.due import set_due, write_extension
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.roster import Roster, Student, save_roster
from cvcourse.grading.submission import read_submission
from tests.exports import (
    MOODLE,
    PLAIN,
    bare,
    canvas_name,
    make_class,
    run_cli,
    snapshot,
    work,
    write,
    zip_bytes,
    zipped,
)
from tests.tiny_course import UNIT, as_bytes, handed_in, submit


@pytest.fixture
def canvas(tmp_path):
    return make_class(tmp_path)


@pytest.fixture
def moodle(tmp_path):
    return make_class(tmp_path, MOODLE)


@pytest.fixture
def plain(tmp_path):
    return make_class(tmp_path, PLAIN)


def take(paths, files, time=(2026, 11, 30, 20, 0, 0), name="export.zip", **info):
    """Collect a zip with these files."""
    return collect(paths, zipped(paths.root.parent / name, files, time, **info), UNIT)


def submitted(paths, student) -> bytes:
    return submitted_notebook(paths.class_dir, student, UNIT).read_bytes()


def timestamp(paths, student) -> str:
    return (submitted_notebook(paths.class_dir, student, UNIT).parent / "timestamp.txt").read_text()


def statuses(paths, student) -> list[tuple[str, int]]:
    return [(entry.status, entry.attempt) for entry in load_collection(paths.class_dir, UNIT).of(student)]


def reasons(result) -> list[str]:
    return [entry.reason for entry in result.aside]


def moodle_name(who: str, number: int, name: str = f"{UNIT}.ipynb") -> str:
    return f"{who}_{number}_assignsubmission_file_/{name}"


# --- whose file it is -------------------------------------------------------------------------------------------------


def test_canvas_names(canvas):
    files = {
        canvas_name("lovelaceada", 12, 500): work("ada"),
        canvas_name("hoppergrace", 13, 501, late=True): work("grace"),
        canvas_name("noetheremmy", 14, 502, f"{UNIT} (1).ipynb"): work("emmy"),
    }
    result = take(canvas, files)
    assert (result.taken, result.aside, result.missing) == (["12", "13", "14"], [], [])
    assert submitted(canvas, "12") == work("ada")
    assert load_collection(canvas.class_dir, UNIT).taken()["13"].late is True


def test_moodle_names_with_and_without_folders(moodle):
    files = {
        moodle_name("Ada Lovelace", 501): work("ada"),
        f"Grace Hopper_502_assignsubmission_file_{UNIT}.ipynb": work("grace"),
        moodle_name("Emilie Du Chatelet", 503): work("emilie"),
    }
    result = take(moodle, files)
    assert (len(result.taken), result.aside) == (3, [])
    assert submitted(moodle, "emilie@example.org") == work("emilie")


def test_moodle_numbers_of_another_assignment_do_not_matter(moodle):
    names = [("Ada Lovelace", 502), ("Grace Hopper", 503), ("Émilie du Châtelet", 501)]
    result = take(moodle, {moodle_name(*name): work(name[0]) for name in names})
    assert (len(result.taken), result.aside) == (3, [])
    assert submitted(moodle, "ada@example.org") == work("Ada Lovelace")


def test_moodle_hidden_names_go_by_number(moodle):
    assert take(moodle, {moodle_name("Participant", 502): work()}).taken == ["grace@example.org"]


def test_moodle_homonyms_go_by_number(moodle):
    both = [Student(f"ada{number}", "Ada Lovelace", "Ada", "Lovelace", "", "", "moodle", number) for number in "78"]
    save_roster(moodle.class_dir, Roster({student.id: student for student in both}, "moodle"))
    result = take(moodle, {moodle_name("Ada Lovelace", 8): work(), moodle_name("Ada Lovelace", 9): work("other")})
    assert result.taken == ["ada8"]
    assert "number 9 is none of them" in reasons(result)[0]


def test_folders_are_named_by_id_address_or_name(plain, tmp_path):
    folder = tmp_path / "handed in"
    write(folder / "ada" / "a.ipynb", work("ada"))
    write(folder / "grace@example.org" / "deep" / f"{UNIT}.ipynb", work("grace"))
    write(folder / "Noether, Emmy" / f"{UNIT}.ipynb", work("emmy"))
    result = collect(plain, folder, UNIT)
    assert (result.taken, result.aside) == (["ada", "emmy", "grace"], [])


def test_a_folder_around_everything_and_the_litter_of_packers_do_not_matter(plain):
    litter = {"__MACOSX/export/ada/._a.ipynb": b"x", "export/.DS_Store": b"x", "export/ada/Thumbs.db": b"x"}
    litter |= {"export/ada/.ipynb_checkpoints/a-checkpoint.ipynb": work("old")}
    result = take(plain, {"export/ada/a.ipynb": work(), "export/grace/b.ipynb": work("b"), **litter})
    assert (result.found, result.taken, result.aside) == (2, ["ada", "grace"], [])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (canvas_name("turingalan", 77, 500), "user 77 (turingalan) is not on the roster"),
        (canvas_name("studenttest", 99, 500), "not on the roster (Canvas's test student)"),
        (canvas_name("lovelaceada", 13, 500), "two people in one name: Ada Lovelace (12) and Grace Hopper (13)"),
        ("lovelaceada_12_500_hoppergrace_13_501_x.ipynb", "two people in one name: Ada Lovelace (12) and Grace"),
        ("Ada Lovelace and Grace Hopper/x.ipynb", "two people in one name"),
        ("12+13/x.ipynb", "two people in one name"),
        ("Alan Turing/x.ipynb", "'Alan Turing' is not on the roster"),
        ("x.ipynb", "'x' is not on the roster"),
        (moodle_name("Alan Turing", 12), "'Alan Turing' is not on the roster"),
        (moodle_name("Ada Lovelace and Emmy Noether", 12), "two people in one name"),
    ],
)
def test_nobody_can_be_told(canvas, name, reason):
    result = take(canvas, {canvas_name("noetheremmy", 14, 400): work(), name: work("x")})
    assert result.taken == ["14"]
    assert reason in reasons(result)[0]
    assert (canvas.class_dir / result.aside[0].kept).read_bytes() == work("x")


def test_a_moodle_number_that_is_somebody_elses_is_two_people(moodle):
    files = {moodle_name(who, number): work(who) for who, number in [("Ada Lovelace", 501), ("Grace Hopper", 503)]}
    files[moodle_name("Émilie du Châtelet", 503)] = work("emilie")
    result = take(moodle, files)
    assert result.taken == ["ada@example.org", "emilie@example.org"]
    assert "number 503 is Émilie du Châtelet" in reasons(result)[0]


# --- which attempt counts ---------------------------------------------------------------------------------------------


def test_of_canvas_attempts_the_newest_upload_counts_and_the_others_are_kept(canvas):
    files = {
        canvas_name("lovelaceada", 12, 900, f"{UNIT}-2.ipynb", late=True): work("third"),
        canvas_name("lovelaceada", 12, 80, f"{UNIT}.ipynb"): work("first"),
        canvas_name("lovelaceada", 12, 700, f"{UNIT}-1.ipynb"): work("second"),
    }
    take(canvas, files)
    assert submitted(canvas, "12") == work("third")
    entries = load_collection(canvas.class_dir, UNIT).of("12")
    assert sorted((entry.attempt, entry.status) for entry in entries) == [(1, "older"), (2, "older"), (3, "taken")]
    assert {(canvas.class_dir / entry.kept).read_bytes() for entry in entries} == set(files.values())


def test_of_moodle_files_the_newest_counts(moodle):
    late, early = (2026, 12, 1, 9, 0, 0), (2026, 11, 1, 9, 0, 0)
    take(moodle, {moodle_name("Ada Lovelace", 501): work("late")}, late)
    result = take(moodle, {moodle_name("Ada Lovelace", 501): work("early")}, early)
    assert (result.new, result.replaced) == ([], [])
    assert submitted(moodle, "ada@example.org") == work("late")


def test_a_later_export_is_merged_and_the_same_one_changes_nothing(canvas):
    first = {canvas_name("lovelaceada", 12, 1): work("a1"), canvas_name("hoppergrace", 13, 2): work("g")}
    second = {
        canvas_name("lovelaceada", 12, 3, f"{UNIT}-1.ipynb"): work("a2"),
        **{k: first[k] for k in list(first)[1:]},
    }
    assert take(canvas, first, name="one.zip").new == ["12", "13"]
    result = take(canvas, second, name="two.zip")
    assert (result.new, result.replaced, result.known, result.missing) == ([], ["12"], 1, ["14"])
    assert submitted(canvas, "12") == work("a2")
    before = snapshot(canvas.class_dir)
    for name, files in (("two.zip", second), ("one.zip", first)):
        again = take(canvas, files, name=name)
        assert (again.new, again.replaced, again.known) == ([], [], 2)
    assert snapshot(canvas.class_dir) == before


def test_an_earlier_file_handed_in_once_more_counts_again(moodle):
    name = moodle_name("Ada Lovelace", 501)
    for day, mark in [(1, "a"), (2, "b"), (3, "a")]:
        take(moodle, {name: work(mark)}, (2026, 11, day, 9, 0, 0))
    assert submitted(moodle, "ada@example.org") == work("a")
    assert statuses(moodle, "ada@example.org") == [("older", 1), ("older", 2), ("taken", 3)]


def test_a_mended_roster_frees_what_was_set_aside(canvas, tmp_path):
    from cvcourse.grading.enrol import enrol
    from tests.exports import CANVAS

    files = {canvas_name("turingalan", 77, 500): work()}
    assert len(take(canvas, files).aside) == 1
    enrol(canvas, write(tmp_path / "new.csv", CANVAS + '"Turing, Alan",77,,,CV A,\n'))
    result = take(canvas, files)
    assert (result.new, result.aside) == (["77"], [])
    assert load_collection(canvas.class_dir, UNIT).aside() == []


def test_a_notebook_put_there_by_hand_is_kept_when_a_collected_one_replaces_it(plain):
    submit(plain.class_dir, "ada", handed_in(double="def double(x): return 0"))
    take(plain, {"ada/a.ipynb": work("collected")})
    assert submitted(plain, "ada") == work("collected")
    kept = load_collection(plain.class_dir, UNIT).of("ada")[1]
    assert b"return 0" in (plain.class_dir / kept.kept).read_bytes()


# --- which file is the notebook ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [f"{UNIT} (1).ipynb", "Untitled.ipynb", "Kopie von x.IPYNB", f"{UNIT}.ipynb.txt"])
def test_the_only_notebook_may_have_any_name(plain, name):
    assert take(plain, {f"ada/{name}": bare()}).taken == ["ada"]
    assert submitted(plain, "ada") == bare()


def test_of_several_notebooks_the_one_that_fits_by_content_or_name_counts(plain):
    files = {"ada/final.ipynb": work(), "ada/scratch.ipynb": bare(), "ada/plot.png": b"png"}
    files |= {f"grace/{UNIT}.ipynb": bare("mine"), "grace/other.ipynb": bare()}
    result = take(plain, files)
    assert (result.taken, result.aside) == (["ada", "grace"], [])
    assert (submitted(plain, "ada"), submitted(plain, "grace")) == (work(), bare("mine"))
    assert sorted(statuses(plain, "ada")) == [("extra", 0), ("extra", 0), ("taken", 1)]


def test_several_notebooks_of_which_none_fits_are_set_aside(plain):
    result = take(plain, {"ada/final.ipynb": bare("1"), "ada/draft.ipynb": bare("2"), "grace/x.ipynb": work()})
    assert result.taken == ["grace"]
    assert reasons(result) == [f"neither name nor content tells which one is {UNIT}: draft.ipynb, final.ipynb"] * 2
    assert "draft.ipynb" in load_collection(plain.class_dir, UNIT).why_missing("ada")


def test_the_notebook_of_another_assignment_is_set_aside(plain):
    other = as_bytes(handed_in()).replace(b"double", b"halve").replace(b"shift", b"blur").replace(b"setup", b"start")
    result = take(plain, {f"ada/{UNIT}.ipynb": other.replace(b"milestone", b"end")})
    assert reasons(result) == [f"is the notebook of another assignment, not of {UNIT}"]
    assert result.missing == ["ada", "grace", "emmy"]


def test_a_students_own_zip_is_opened(canvas):
    inner = zip_bytes({f"project/{UNIT}.ipynb": work("z"), "project/data.csv": b"1"}, (2030, 1, 1, 0, 0, 0))
    result = take(canvas, {canvas_name("lovelaceada", 12, 5, "all.zip"): inner})
    assert (result.taken, result.aside) == (["12"], [])
    assert submitted(canvas, "12") == work("z")
    assert timestamp(canvas, "12").startswith("2026-11-30"), "times inside a student's zip are the student's own"


# --- a defect stays one student's -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b'{"cells": [', "is no valid JSON (line 1"),
        (b'{"cells": [\n<<<<<<< HEAD\n', "marks of a merge conflict"),
        (b"[1, 2]", "is JSON, but not a notebook"),
        (b'{"cells": {}}', "has no cells"),
        (b'{"cells": [{"cell_type": "code", "source": 3}]}', "has no cells"),
        (b'{"worksheets": [], "nbformat": 3}', "has no cells"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\xff\xfe\xfd", "is not UTF-8 text"),
        (b'{"cells": "\xe9"}', "is not UTF-8 text"),
        (b"PK\x03\x04", "is a zip file under a notebook's name"),
        (b"\n<!DOCTYPE html>", "is a web page"),
    ],
)
def test_a_broken_notebook_is_taken_with_its_reason(canvas, data, reason):
    result = take(canvas, {canvas_name("lovelaceada", 12, 1): data, canvas_name("hoppergrace", 13, 2): work()})
    assert result.taken == ["12", "13"]
    assert reason in result.broken["12"]
    assert submitted(canvas, "12") == data
    assert reason in load_collection(canvas.class_dir, UNIT).taken()["12"].broken


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(nbformat.convert(handed_in(), 3)).encode(),
        as_bytes(handed_in()).replace(b'"markdown"', b'"unheard of"'),
    ],
)
def test_what_grading_reads_is_not_called_unreadable(plain, data):
    result = take(plain, {f"ada/{UNIT}.ipynb": data, "ada/another.ipynb": bare()})
    assert (result.taken, result.broken) == (["ada"], {})
    assert load_collection(plain.class_dir, UNIT).taken()["ada"].fits == "unit"
    read_submission(submitted(plain, "ada"))


def test_which_of_two_notebooks_at_once_counts_is_said(plain, monkeypatch):
    names = (f"{UNIT} (1).ipynb", f"{UNIT}.ipynb")
    files = {f"ada/{names[0]}": work("a"), f"ada/{names[1]}": work("b"), f"grace/{UNIT}.ipynb": work()}
    export = zipped(plain.root.parent / "export.zip", files)
    code, out, _ = run_cli(monkeypatch, plain, "collect", export, "01")
    assert code == 0
    assert f"ada: 2 notebooks were handed in together: {names[0]}, {names[1]}; the last of these counts." in out
    assert submitted(plain, "ada") == work("b")
    later = take(plain, {f"ada/{UNIT}.ipynb": work("c")}, (2026, 12, 1, 20, 0, 0))
    assert (later.replaced, later.several) == (["ada"], {})


def test_an_older_attempt_counts_where_the_newest_cannot_be_read(canvas):
    files = {canvas_name("lovelaceada", 12, 1): work("good"), canvas_name("lovelaceada", 12, 2): b"{"}
    result = take(canvas, files)
    assert (submitted(canvas, "12"), result.broken) == (work("good"), {})
    assert "attempt 1, which can be read, counts" in reasons(result)[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_marked_encodings_are_read_and_submitted_as_utf8(plain, encoding):
    take(plain, {f"ada/{UNIT}.ipynb": bare("'ä'").decode().encode(encoding)})
    assert submitted(plain, "ada") == bare("'ä'")


@cache
def nested_bad() -> dict[str, tuple[bytes, str]]:
    return {
        "corrupt": (b"PK\x03\x04" + b"x" * 50, "damaged"),
        "climbing": (zip_bytes({"../../x.ipynb": work()}), "leads out of the zip"),
        "linking": (zip_bytes({"x.ipynb": b"/etc/passwd"}, external_attr=0o120777 << 16), "symbolic link"),
        "bomb": (zip_bytes({f"{i}.ipynb": bytes(30_000_000) for i in range(3)}), "a zip bomb"),
        "many": (zip_bytes({f"{i}.ipynb": b"" for i in range(1001)}), "holds 1001 files"),
        "deeper": (zip_bytes({"inner.zip": zip_bytes({"x.ipynb": work()})}), "holds another zip"),
        "empty": (zip_bytes({}), "holds no notebook"),
    }


@pytest.mark.parametrize("case", nested_bad())
def test_a_bad_zip_of_one_student_is_set_aside(canvas, case):
    data, reason = nested_bad()[case]
    name = canvas_name("lovelaceada", 12, 1, "all.zip")
    result = take(canvas, {name: data, canvas_name("hoppergrace", 13, 2): work()})
    assert (result.taken, [entry.student for entry in result.aside]) == (["13"], ["12"])
    assert reason in reasons(result)[0]
    assert reason in load_collection(canvas.class_dir, UNIT).why_missing("12")


def test_links_pipes_closed_files_and_wrong_types_in_a_folder(plain, tmp_path):
    folder = tmp_path / "folder"
    (tmp_path / "secret.ipynb").write_bytes(work("secret"))
    write(folder / "ada" / f"{UNIT}.ipynb", work())
    for student in ("grace", "emmy"):
        (folder / student).mkdir()
    (folder / "grace" / f"{UNIT}.ipynb").symlink_to(tmp_path / "secret.ipynb")
    os.mkfifo(folder / "emmy" / f"{UNIT}.ipynb")
    write(folder / "emmy" / "report.pdf", b"%PDF")
    result = collect(plain, folder, UNIT)
    assert result.taken == ["ada"]
    assert sorted(reasons(result)) == [
        "is a .pdf file, not a notebook (.ipynb)",
        "is a symbolic link",
        "is no ordinary file",
    ]


def test_names_that_are_no_text_or_move_the_cursor_are_shown_with_question_marks(plain, tmp_path):
    os.makedirs(os.fsencode(tmp_path) + b"/f/ad\xff")
    write(tmp_path / "f" / "\x1b[2Jgrace" / "a.ipynb", work())
    (tmp_path / "f" / os.fsdecode(b"ad\xff") / "a.ipynb").write_bytes(work())
    result = collect(plain, tmp_path / "f", UNIT)
    assert [entry.file for entry in result.aside] == ["?[2Jgrace/a.ipynb", "ad?/a.ipynb"]


def test_a_damaged_member_is_set_aside(canvas, tmp_path):
    names = [canvas_name("lovelaceada", 12, 1), canvas_name("hoppergrace", 13, 2)]
    path = zipped(tmp_path / "export.zip", {name: work(name) for name in names})
    data = bytearray(path.read_bytes())
    data[len(names[0]) + 60] ^= 0xFF
    path.write_bytes(data)
    result = collect(canvas, path, UNIT)
    assert result.taken == ["13"]
    assert "is damaged in the zip" in reasons(result)[0]


# --- times ------------------------------------------------------------------------------------------------------------


def due(paths, *moment):
    with open_gradebook(paths) as gradebook:
        set_due(gradebook, UNIT, datetime(*moment, tzinfo=UTC))


def test_times_reach_nbgrader_and_tell_who_is_late(plain, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    due(plain, 2026, 11, 30, 12)
    write_extension(plain.class_dir, UNIT, "grace", datetime(2026, 12, 2, tzinfo=UTC))
    result = take(plain, {"ada/a.ipynb": work(), "grace/a.ipynb": work("g")})
    assert timestamp(plain, "ada") == "2026-11-30 20:00:00 UTC"
    assert result.late == ["ada"]


def test_canvas_marks_stand_above_the_zips_time_of_export(canvas):
    due(canvas, 2026, 11, 1)
    files = {canvas_name("lovelaceada", 12, 1): work(), canvas_name("hoppergrace", 13, 2, late=True): work("g")}
    assert take(canvas, files).late == ["13"]
    assert timestamp(canvas, "12") == "2026-11-01 00:00:00 UTC"


def test_a_late_mark_without_a_due_date_is_told(canvas):
    assert take(canvas, {canvas_name("hoppergrace", 13, 2, late=True): work()}).late == ["13"]


def test_an_extended_time_stamp_in_the_zip_is_exact(plain):
    extra = b"UT\x05\x00\x01" + int(datetime(2026, 11, 5, 6, 7, 9, tzinfo=UTC).timestamp()).to_bytes(4, "little")
    take(plain, {"ada/a.ipynb": work()}, extra=extra)
    assert timestamp(plain, "ada") == "2026-11-05 06:07:09 UTC"


def test_without_a_time_there_is_no_time_stamp(plain):
    take(plain, {"ada/a.ipynb": work()}, (1980, 1, 1, 0, 0, 0))
    assert not (submitted_notebook(plain.class_dir, "ada", UNIT).parent / "timestamp.txt").exists()


def test_the_time_of_a_file_in_a_folder(plain, tmp_path):
    file = write(tmp_path / "f" / "ada" / "a.ipynb", work())
    os.utime(file, (1_790_000_000, 1_790_000_000))
    collect(plain, tmp_path / "f", UNIT)
    assert timestamp(plain, "ada") == datetime.fromtimestamp(1_790_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


# --- the command ------------------------------------------------------------------------------------------------------


def test_exit_code_1_when_something_was_set_aside_else_0(canvas, monkeypatch, tmp_path):
    good = zipped(tmp_path / "good.zip", {canvas_name("lovelaceada", 12, 1): work()})
    assert run_cli(monkeypatch, canvas, "collect", good, "01")[0] == 0
    bad = zipped(tmp_path / "bad.zip", {canvas_name("turingalan", 77, 1): work()})
    code, out, _ = run_cli(monkeypatch, canvas, "collect", bad, "tiny")
    assert code == 1
    assert "user 77 (turingalan) is not on the roster" in out
    broken = zipped(tmp_path / "broken.zip", {canvas_name("hoppergrace", 13, 1): b"{"})
    assert run_cli(monkeypatch, canvas, "collect", broken, UNIT, "--json")[0] == 1


def test_bad_input_is_one_line_and_changes_nothing(canvas, monkeypatch, tmp_path):
    monkeypatch.setattr("cvcourse.grading.gradebook.WAIT_SECONDS", 0.05)
    good = zipped(tmp_path / "good.zip", {canvas_name("lovelaceada", 12, 1): work()})
    cases = {
        (tmp_path / "none.zip", "01"): "there is no file or folder",
        (good, "07"): "no unit is called '07'",
        (zipped(tmp_path / "empty.zip", {}), "01"): "holds no file",
        (write(tmp_path / "x.ipynb", work()), "01"): "is no zip file",
    }
    before = snapshot(canvas.class_dir)
    for (export, unit), message in cases.items():
        code, out, err = run_cli(monkeypatch, canvas, "collect", export, unit)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert message in err
    lock = sqlite3.connect(canvas.class_dir / "gradebook.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    code, _, err = run_cli(monkeypatch, canvas, "collect", good, "01")
    lock.close()
    assert code == 2
    assert "is in use" in err
    assert snapshot(canvas.class_dir) == before


def test_without_a_roster(tmp_path):
    paths = make_class(tmp_path, None)
    with pytest.raises(ClassError, match="has no roster yet"):
        take(paths, {"ada/a.ipynb": work()})


@pytest.mark.parametrize("function", ["os.replace", "Path.write_bytes"])
def test_a_full_disk_is_one_line_and_the_next_call_mends_all(canvas, monkeypatch, tmp_path, function):
    first = zipped(tmp_path / "one.zip", {canvas_name("lovelaceada", 12, 1): work("a")})
    collect(canvas, first, UNIT)
    files = {canvas_name("lovelaceada", 12, 2): work("b"), canvas_name("hoppergrace", 13, 3): work("c")}
    second = zipped(tmp_path / "two.zip", files)

    def full(*_):
        raise OSError(28, "No space left on device", "somewhere")

    before = snapshot(canvas.class_dir)
    target = {"os.replace": "cvcourse.grading.collect.os.replace", "Path.write_bytes": "pathlib.Path.write_bytes"}
    with monkeypatch.context() as broken:
        broken.setattr(target[function], full)
        with pytest.raises(ClassError, match=r"^cannot write .*: No space left on device"):
            collect(canvas, second, UNIT)
    assert snapshot(canvas.class_dir) == before
    assert collect(canvas, second, UNIT).taken == ["12", "13"]
    assert submitted(canvas, "12") == work("b")
