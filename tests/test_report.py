"""What goes back after grading: the platform's CSV, feedback pages and their zip, the class table and plot."""

import csv
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from cvcourse.errors import ClassError
from cvcourse.grading import grade
from cvcourse.grading.collection import Collection, Entry, save_collection
from cvcourse.grading.enrol import enrol
from cvcourse.grading.grade import grade_class
from cvcourse.grading.outcomes import Graded, Outcome, Verdict
from cvcourse.grading.platform_csv import fill
from cvcourse.grading.report import ExerciseResult, StudentResult, _class_csv, report, upload_name
from cvcourse.grading.roster import Roster, Student
from cvcourse.paths import CoursePaths
from tests import tiny_course as tiny
from tests.browser import chromium
from tests.requirements import require

CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Homework 1 (11),01 Tiny (12),Current Score\r\n"
    "    Points Possible,,,,,5,20,(read only)\r\n"
    '"A, Student",101,,a@example.org,One,3,,\r\n'
    '"B, Student",102,,b@example.org,One,4,,\r\n'
    '"C, Student",103,,c@example.org,One,5,,\r\n'
    '"D, Student",104,,d@example.org,One,5,7,\r\n'
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of four from Canvas, graded: right, nosy and wrong, broken, nothing."""
    paths = tiny.make_class(tmp_path_factory.mktemp("report") / "course", students="")
    file = paths.root / "gradebook.csv"
    file.write_bytes(CANVAS.encode())
    enrol(paths, file)
    nosy = tiny.handed_in(shift="def shift(x):\n    return BASE - x")
    nosy.cells.append(new_markdown_cell("<script>alert(1)</script><img src='http://evil.example/x.png'> my own words"))
    nosy.cells.append(new_code_cell("print(In)"))
    tiny.submit(paths.class_dir, "101", tiny.handed_in())
    tiny.submit(paths.class_dir, "102", nosy)
    tiny.submit(paths.class_dir, "103", b"{")
    entries = [
        Entry(f"{name}_{number}_900{number}_01_tiny.ipynb", number, "taken", kind="notebook")
        for name, number in (("astudent", "101"), ("bstudent", "102"), ("cstudent", "103"))
    ]
    entries.append(Entry("stranger_999_9009_x.ipynb", None, "aside", "user 999 is not on the roster"))
    entries.append(Entry("dstudent_104_9004_x.docx", "104", "aside", "is no notebook"))
    save_collection(paths.class_dir, Collection(tiny.UNIT, entries))

    def nosy_run(notebook, *arguments):
        runs = tiny.run_here(notebook, *arguments)
        for cell in notebook.cells:
            if cell.source == "print(In)":
                text = "".join(f"{other.source}\n" for other in notebook.cells)
                html = new_output("display_data", data={"text/html": "<script>alert(2)</script><b>bold</b>"})
                forged = new_output("display_data", data={"image/png": 'x"><script>alert(3)</script>'})
                cell.outputs = [new_output("stream", name="stdout", text=text), html, forged]
        return runs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "Farm", tiny.FarmHere)
        patch.setattr(tiny.FarmHere, "run", staticmethod(nosy_run))
        grade_class(paths, tiny.UNIT)
    return paths, report(paths, tiny.UNIT)


def page(graded, student):
    paths, _ = graded
    return (paths.class_dir / "feedback" / student / tiny.UNIT / f"{tiny.UNIT}.html").read_text("utf-8")


def test_everybody_is_in_the_report_with_a_reason(graded):
    _, result = graded
    found = {one.student: (one.status, one.points) for one in result.students}
    assert found == {
        "101": ("graded", 10),
        "102": ("graded", 5),
        "103": ("broken", 0),
        "104": ("no submission", None),
    }
    assert "is no notebook" in result.students[3].reason
    assert [one["reason"] for one in result.aside] == ["user 999 is not on the roster", "is no notebook"]


def test_the_platforms_file_comes_back_with_one_column_filled(graded):
    _, result = graded
    data = Path(result.files["platform"]).read_bytes()
    filled = CANVAS.replace("One,3,,", "One,3,10,").replace("One,4,,", "One,4,5,").replace("One,5,,", "One,5,0,")
    assert list(csv.reader(io.StringIO(data.decode()))) == list(csv.reader(io.StringIO(filled)))
    assert data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in data
    assert result.notes == ["the platform gives '01 Tiny (12)' 20 points, the assignment has 10"]


def test_the_zip_has_the_names_of_what_was_handed_in(graded):
    _, result = graded
    with zipfile.ZipFile(result.files["feedback"]) as archive:
        assert archive.namelist() == [
            "astudent_101_900101_01_tiny.html",
            "bstudent_102_900102_01_tiny.html",
            "cstudent_103_900103_01_tiny.html",
        ]
        assert archive.read("astudent_101_900101_01_tiny.html").decode() == page(graded, "101")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("astudent_LATE_101_9001_work-2.ipynb", "astudent_LATE_101_9001_work-2.html"),
        ("Student A_7_assignsubmission_file_/work.ipynb", "Student A_7_assignsubmission_file_/work.html"),
        ("astudent_101_9001_all.zip/inner/work.ipynb", "astudent_101_9001_all.html"),
        ("submitted/a/01_tiny/01_tiny.ipynb", "a/01_tiny.html"),
    ],
)
def test_upload_names_of_both_platforms(file, name):
    assert upload_name("a", tiny.UNIT, Entry(file, "a")) == name


def test_a_page_shows_what_the_tests_said_and_no_hidden_test(graded):
    text = page(graded, "102")
    assert "shift(1) is 11, not 9" in text
    assert "below nothing" in text
    assert "my own words" in text
    assert "This test is not shown" in text
    assert re.findall(r'<li><a href="#shift[^>]*>([^<]*)', text) == ["Exercise 2: Shift: failed"] * 2
    for line in ("secret_input", "shift(-10)", "CVCOURSE_SEED", "BEGIN HIDDEN TESTS"):
        assert line not in text


def test_a_page_runs_no_script_and_loads_nothing(graded):
    text = page(graded, "102")
    assert "<script" not in text
    assert "evil.example/x.png&#39;" in text or "<img src='http" not in text
    assert "<b>bold</b>" in text
    assert "@import" not in text


@pytest.mark.browser
def test_a_page_in_a_browser_is_quiet(graded):
    executable = require("browser")
    file = graded[0].class_dir / "feedback" / "102" / tiny.UNIT / f"{tiny.UNIT}.html"
    dialogs, requests = [], []
    with chromium(executable) as tab:
        tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto(file.as_uri())
        text = tab.inner_text("body")
    assert dialogs == []
    assert requests == [file.as_uri()]
    assert "shift-hidden" in text


def test_the_class_table_and_the_plot(graded):
    _, result = graded
    rows = list(csv.DictReader(io.StringIO(Path(result.files["class"]).read_text("utf-8-sig"))))
    assert [row["points"] for row in rows] == ["10.0", "5.0", "0.0", ""]
    assert rows[1]["Exercise 1: Double"] == "5.0"
    assert Path(result.files["plot"]).read_bytes().startswith(b"\x89PNG")
    double, shift = result.exercises
    assert (double.mean, shift.mean) == (pytest.approx(10 / 3), pytest.approx(5 / 3))
    assert shift.outcomes == {"passed": 2, "failed": 2, "broken notebook": 2}
    saved = json.loads((Path(result.files["plot"]).parent / f"{tiny.UNIT}-report.json").read_text())
    assert saved["exercises"][1]["outcomes"] == shift.outcomes


def test_points_given_by_hand_are_reported(graded, tmp_path):
    from cvcourse.grading.gradebook import open_gradebook

    root = shutil.copytree(graded[0].root, tmp_path / "copy")
    paths = CoursePaths(root, root / "class")
    with open_gradebook(paths) as gradebook:
        gradebook.find_grade("shift-hidden", tiny.UNIT, tiny.UNIT, "102").manual_score = 2.5
        gradebook.db.commit()
    assert {one.student: one.points for one in report(paths, tiny.UNIT).students}["102"] == 7.5


def test_a_report_before_grading_is_one_line(graded, tmp_path):
    root = shutil.copytree(graded[0].root, tmp_path / "copy")
    shutil.rmtree(root / "class" / "outcomes")
    with pytest.raises(ClassError, match="cvcourse grade"):
        report(CoursePaths(root, root / "class"), tiny.UNIT)


def test_a_reason_is_escaped_in_the_table():
    from cvcourse.grading.feedback import outcome_table

    verdict = Verdict("t", "<i>E</i>", Outcome.FAILED, 0.0, 1.0, "<script>x</script>\n\nsecond")
    table = outcome_table(Graded("a", "k", [verdict], notes=["<b>"]))
    assert "<script" not in table
    assert "<i>" not in table
    assert "&lt;script&gt;x&lt;/script&gt;<br>second" in table


def test_the_class_table_has_no_formulas():
    names = ['=HYPERLINK("http://evil.example")', "+cmd|' /C calc'!A0", "@SUM(1+1)", "-1", "\tx", "\rx", "O'Hara"]
    students = [StudentResult(f"s{k}", name, "graded", -1.5, exercises={"E": -2.0}) for k, name in enumerate(names)]
    text = _class_csv(students, [ExerciseResult("E", 1.0)]).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in rows] == ["'" + name.replace("\r", " ") for name in names[:-1]] + ["O'Hara"]
    assert {(row["points"], row["E"]) for row in rows} == {("-1.5", "-2.0")}


PEOPLE = Roster({"1": Student("1", "A", email="a@x.org", lms="moodle", lms_id="77")}, "moodle")
MOODLE = "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments\n"


def test_moodles_worksheet_is_filled():
    original = MOODLE + "Participant 77,A,a@x.org,Submitted,,10.00,\nParticipant 78,B,b@x.org,Submitted,4,10.00,\n"
    filled = fill(original.encode(), PEOPLE, tiny.UNIT, {"1": 7.25}, 10)
    assert filled.data.decode() == original.replace("Submitted,,", "Submitted,7.25,")
    assert (filled.column, filled.filled, filled.notes) == ("Grade", 1, [])


def test_a_plain_list_gets_a_column_and_keeps_its_separator():
    people = Roster({"s1": Student("s1", "A")}, "plain")
    filled = fill("id;name\ns1;Ä\ns2;B\n".encode("cp1252"), people, tiny.UNIT, {"s1": 3}, 10)
    assert filled.data.decode("utf-8-sig") == "id;name;01_tiny\ns1;Ä;3\ns2;B;\n"


def test_a_column_that_cannot_be_told_is_asked_for():
    people = Roster({"101": Student("101", "A", lms="canvas", lms_id="101")}, "canvas")
    original = b"Student,ID,Section,Tiny quiz (1),Tiny (2)\nA,101,One,,\n"
    with pytest.raises(ClassError, match=r"several columns could be.*--column.*'Tiny quiz"):
        fill(original, people, tiny.UNIT, {"101": 3}, 10)
    filled = fill(original, people, tiny.UNIT, {"101": 3}, 10, "tiny")
    assert filled.data.decode().splitlines()[1] == "A,101,One,,3"
    with pytest.raises(ClassError, match="no column is 'Other'"):
        fill(original, people, tiny.UNIT, {"101": 3}, 10, "Other")
