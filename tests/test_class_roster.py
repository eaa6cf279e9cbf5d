"""`cvcourse roster`: three kinds of files in many dressings, and what happens to students when it is called again."""

import sqlite3

import pytest

from cvcourse.errors import ClassError
from cvcourse.grading.enrol import enrol
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.roster import load_roster
from cvcourse.grading.roster_file import read_roster_file
from tests.exports import CANVAS, MOODLE, PLAIN, make_class, run_cli, snapshot, write
from tests.tiny_course import UNIT, handed_in, submit


def read(tmp_path, content):
    return read_roster_file(write(tmp_path / "students.csv", content))


def test_canvas(tmp_path):
    file = read(tmp_path, CANVAS)
    assert (file.kind, [student.id for student in file.students]) == ("canvas", ["12", "13", "14"])
    ada = file.students[0]
    assert (ada.name, ada.first_name, ada.last_name) == ("Ada Lovelace", "Ada", "Lovelace")
    assert (ada.email, ada.lms_id, ada.section) == ("ada@example.org", "12", "CV A")
    assert file.skipped == ["line 6: Canvas's test student"]


def test_moodle_takes_the_address_as_id_because_its_numbers_change_with_the_assignment(tmp_path):
    file = read(tmp_path, MOODLE)
    assert file.kind == "moodle"
    emilie = file.students[2]
    assert (emilie.id, emilie.lms_id, emilie.name) == ("emilie@example.org", "503", "Émilie du Châtelet")


def test_moodle_takes_the_id_number_where_everybody_has_one(tmp_path):
    lines = MOODLE.splitlines()
    text = "\n".join([lines[0] + ",ID number"] + [f"{line},m{i}" for i, line in enumerate(lines[1:])])
    assert [student.id for student in read(tmp_path, text).students] == ["m0", "m1", "m2"]


def test_moodle_with_hidden_names(tmp_path):
    file = read(tmp_path, "Identifier,Status,Grade\nParticipant 7,Submitted,\n")
    assert [(student.id, student.name) for student in file.students] == [("7", "Participant 7")]


def test_plain_with_first_and_last_name(tmp_path):
    file = read(tmp_path, "Student ID,First name,Last name,E-mail\n7,Ada,Lovelace,ADA@example.org\n")
    assert (file.students[0].name, file.students[0].email) == ("Ada Lovelace", "ada@example.org")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_dressing_of_a_spreadsheet(tmp_path, separator, encoding):
    text = "id,name,email\r\n1,Zoë Müller,zoe@example.org\r\n\r\n2,Łukasz Nowak,\r\n"
    if encoding == "cp1252":
        text = text.replace("Ł", "L")
    file = read(tmp_path, text.replace(",", separator).encode(encoding))
    assert (file.kind, file.students[0].name, len(file.students)) == ("plain", "Zoë Müller", 2)
    assert file.encoding == {"utf-8-sig": "utf-8"}.get(encoding, encoding)


def test_a_separator_line_of_excel_and_line_breaks_inside_a_comment_keep_the_line_numbers_right(tmp_path):
    with pytest.raises(ClassError, match="line 5 has no id"):
        read(tmp_path, 'sep=;\nid;name;comment\n1;Ada;"well\ndone"\n;Grace Hopper;\n')


def test_a_second_comma_in_a_name_is_what_follows_it(tmp_path):
    canvas = read(tmp_path, CANVAS.replace("Lovelace, Ada", "Smith, Jr., Bob")).students[0]
    assert (canvas.name, canvas.first_name, canvas.last_name) == ("Bob Smith, Jr.", "Bob", "Smith, Jr.")
    assert read(tmp_path, 'id,name\n1,"Smith, Jr., Bob"\n2,"Hopper,"\n').students[0].name == "Bob Smith, Jr."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("surname,mark\na,b\n", "no known kind: its header is 'surname, mark'"),
        ("id,email\n1,a@example.org\n", "no known kind"),
        ("id,name\n", "holds no student"),
        ("id,name\n1,Ada\n,Grace\n", "line 3 has no id"),
        ("id,name\n1,Ada\n2,\n", "line 3 has no name"),
        ("id,name\n1,Ada\n2,Grace\n1,Emmy\n", "line 4: the id '1' is already in line 2"),
        ("id,name\nada,Ada\nADA,Grace\n", "line 3: the id 'ADA' is already in line 2"),
        ("id,name\n../x,Ada\n", "line 2: the id '../x' cannot name a folder"),
        ("id,name\nC:x,Ada\n", "cannot name a folder"),
        ("id,name\n[a],Ada\n", "cannot name a folder"),
        ("Identifier,Full name\nAda,Ada\n", "line 2: 'Ada' is no identifier"),
        (b"PK\x03\x04rest", "is a spreadsheet, not a CSV file"),
        (b"id,name\n1,\x00\x01\n", "binary data"),
        (b"id,name\n1,\x81\x8d\n", "cannot be read as CSV"),
        ('id,name\n1,"' + "a" * 200_000, "cannot be read as CSV"),
        ('id,name\n1,Ada\n2,"Grace\n3,Emmy\n', "line 3: a quote is opened and not closed"),
        ('id,name,email\n1,"Ada,a@b\n2,"Grace",c@d\n', "cannot be read as CSV: line 2"),
        ('id,name,email\n1,"Ada,a@b\n2,Grace",c@d\n', "line 2: the name goes on in the next line"),
        ("id,name\n" + ",\t\n,x\n" * 9, "and 4 more"),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path, content, message):
    with pytest.raises(ClassError) as caught:
        read(tmp_path, content)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_students_are_in_the_roster_the_gradebook_and_the_original(tmp_path):
    paths = make_class(tmp_path, b"\xef\xbb\xbf" + CANVAS.encode())
    assert [student.id for student in load_roster(paths.class_dir)] == ["12", "13", "14"]
    assert load_roster(paths.class_dir).kind == "canvas"
    assert (paths.class_dir / "roster_original.csv").read_bytes() == b"\xef\xbb\xbf" + CANVAS.encode()
    with open_gradebook(paths) as gradebook:
        grace = gradebook.find_student("13")
        assert (grace.first_name, grace.last_name, grace.email, grace.lms_user_id) == (
            "Grace",
            "Hopper",
            "grace@example.org",
            "13",
        )


def test_again_updates_adds_and_takes_off_only_who_did_nothing(tmp_path, monkeypatch):
    paths = make_class(tmp_path, PLAIN)
    submit(paths.class_dir, "emmy", handed_in())
    newer = write(tmp_path / "newer.csv", "id,name,email\nada,Ada King,ada@example.org\nalan,Alan Turing,\n")
    code, out, _ = run_cli(monkeypatch, paths, "roster", newer, "--replace")
    assert code == 0
    assert "1 new, 1 changed" in out
    assert "kept because of their work or grades: emmy" in out
    assert "taken off, for there was no work of theirs: grace" in out
    assert [student.id for student in load_roster(paths.class_dir)] == ["ada", "alan", "emmy"]
    with open_gradebook(paths) as gradebook:
        assert {student.id for student in gradebook.students} == {"ada", "alan", "emmy"}
        assert gradebook.find_student("ada").last_name == "King"


@pytest.mark.filterwarnings("ignore:Object of type <SubmittedAssignment>")  # nbgrader's own, with SQLAlchemy 2
def test_a_grade_in_the_gradebook_keeps_a_student(tmp_path):
    paths = make_class(tmp_path, PLAIN)
    with open_gradebook(paths) as gradebook:
        gradebook.add_assignment(UNIT)
        gradebook.add_submission(UNIT, "grace")
    result = enrol(paths, write(tmp_path / "newer.csv", "id,name\nada,Ada Lovelace\n"), replace_list=True)
    assert (result.kept, result.removed) == (["grace"], ["emmy"])


def test_a_student_keeps_the_id_when_the_next_worksheet_has_other_columns(tmp_path):
    paths = make_class(tmp_path, MOODLE)
    again = "Identifier,Full name,Email address,ID number\nParticipant 900,Ada Lovelace,ada@example.org,m1\n"
    enrol(paths, write(tmp_path / "unit2.csv", again))
    ada = load_roster(paths.class_dir)["ada@example.org"]
    assert ada.lms_id == "900"


def test_a_list_that_looks_like_another_classs_is_refused_and_taken_only_with_replace(tmp_path, monkeypatch):
    paths = make_class(tmp_path)
    other_kind = write(tmp_path / "plain.csv", PLAIN.replace("ada,", "12,"))
    most_gone = write(tmp_path / "short.csv", "\n".join(CANVAS.splitlines()[:3]) + "\n")
    submit(paths.class_dir, "12", handed_in())
    before = snapshot(paths.class_dir)
    for file, says in ((other_kind, "is a plain list, but the roster"), (most_gone, "lacks 2 of the 3 students")):
        code, out, err = run_cli(monkeypatch, paths, "roster", file)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert says in err and "--replace" in err
    assert snapshot(paths.class_dir) == before
    with open_gradebook(paths) as gradebook:
        assert {student.id for student in gradebook.students} == {"12", "13", "14"}
    assert run_cli(monkeypatch, paths, "roster", other_kind, "--replace")[0] == 0
    assert load_roster(paths.class_dir).kind == "plain"


def test_before_anybody_handed_in_most_of_a_class_may_go(tmp_path):
    paths = make_class(tmp_path, PLAIN)
    assert enrol(paths, write(tmp_path / "newer.csv", "id,name\nada,Ada Lovelace\n")).removed == ["grace", "emmy"]


def test_bad_files_change_nothing(tmp_path, monkeypatch):
    paths = make_class(tmp_path)
    before = snapshot(paths.class_dir)
    for content in ("id,name\n1,\n", b"PK\x03\x04"):
        code, out, err = run_cli(monkeypatch, paths, "roster", write(tmp_path / "bad.csv", content))
        assert (code, out, err.count("\n")) == (2, "", 1)
    code, _, err = run_cli(monkeypatch, paths, "roster", tmp_path / "no.csv")
    assert code == 2
    assert "cannot read" in err
    assert snapshot(paths.class_dir) == before


def test_a_gradebook_in_use_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("cvcourse.grading.gradebook.WAIT_SECONDS", 0.05)
    paths = make_class(tmp_path)
    before = snapshot(paths.class_dir)
    other = sqlite3.connect(paths.class_dir / "gradebook.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    code, _, err = run_cli(monkeypatch, paths, "roster", write(tmp_path / "new.csv", PLAIN), "--replace")
    other.close()
    assert (code, err.count("\n")) == (2, 1)
    assert "is in use" in err
    assert snapshot(paths.class_dir) == before


def test_a_file_that_is_no_gradebook(tmp_path, monkeypatch):
    paths = make_class(tmp_path)
    (paths.class_dir / "gradebook.db").write_bytes(b"no database" * 100)
    code, _, err = run_cli(monkeypatch, paths, "roster", write(tmp_path / "new.csv", PLAIN), "--replace")
    assert code == 2
    assert "is not a gradebook" in err


def test_a_full_disk_takes_the_gradebook_back_too(tmp_path, monkeypatch):
    paths = make_class(tmp_path)
    before = snapshot(paths.class_dir)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cvcourse.grading.store.os.fdopen", full)
    code, _, err = run_cli(monkeypatch, paths, "roster", write(tmp_path / "new.csv", PLAIN), "--replace")
    monkeypatch.undo()
    assert code == 2
    assert "No space left on device" in err
    assert snapshot(paths.class_dir) == before
    with open_gradebook(paths) as gradebook:
        assert {student.id for student in gradebook.students} == {"12", "13", "14"}
