"""A class graded without names: what formgrader shows, and that manual points and comments reach the right student."""

import json
import re
import urllib.error
import urllib.request

import pytest

from cvcourse.errors import ClassError
from cvcourse.grading import bridge, grade
from cvcourse.grading.anonymous import ANONYMOUS, Pseudonyms, is_anonymous, set_anonymous
from cvcourse.grading.formgrader import REFUSED
from cvcourse.grading.grade import grade_class
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.roster import Roster, Student, save_roster
from tests import tiny_course as tiny
from tests.browser import server

UNIT = tiny.UNIT
PEOPLE = {
    "zq4711": ("Adalbert", "Lovelace", "adalbert@unigram.example"),
    "zq4712": ("Benedikta", "Quixote", "benedikta@unigram.example"),
    "zq4713": ("Cleopha", "Montague", "cleopha@unigram.example"),
    "zq4714": ("Dorothea", "Ypsilanti", "dorothea@unigram.example"),
}
ESSAY = tiny._code("# why?\n### BEGIN SOLUTION\n'because'\n### END SOLUTION", "essay", solution=True, points=5)
ESSAYS = {"zq4711": "'for this'", "zq4712": "'for that'", "zq4713": "'for nothing'"}
FILELESS = "zq4713"  # its notebook in autograded/ is gone


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """A class of four with an answer graded by hand; one handed nothing in."""
    people = {key: Student(key, f"{first} {last}", first, last, mail) for key, (first, last, mail) in PEOPLE.items()}
    with pytest.MonkeyPatch.context() as patch:
        solved = tiny.solved()
        solved.cells.append(ESSAY)
        patch.setattr(tiny, "solved", lambda: solved)
        paths = tiny.make_class(tmp_path_factory.mktemp("anonymous") / "course", students="")
        save_roster(paths.class_dir, Roster(people))
        for student, essay in ESSAYS.items():
            tiny.submit(paths.class_dir, student, tiny.handed_in(essay=essay))
        patch.setattr(grade, "Farm", tiny.FarmHere)
        set_anonymous(paths.class_dir, True)
        grade_class(paths, UNIT)
    bridge.enter_students(paths, Roster(people))
    (paths.class_dir / "autograded" / FILELESS / UNIT / f"{UNIT}.ipynb").unlink()
    return paths


class Client:
    """Asks formgrader; remembers every address and answer."""

    def __init__(self, address):
        self.base, self.token = re.match(r"(http://[^/]+)/.*token=(\w+)", address).groups()
        self.seen = []

    def ask(self, path, method="GET", data=None):
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        body = json.dumps(data).encode() if data is not None else (b"" if method == "POST" else None)
        request = urllib.request.Request(f"{self.base}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, url, head, text = answer.status, answer.url, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, url, head, text = error.code, error.url, error.headers, error.read().decode()
        self.seen.append(f"{url}\n{head}\n{text}")
        return status, text

    def get(self, path):
        status, text = self.ask(path)
        assert status == 200, (path, status, text[:500])
        return text

    def json(self, path):
        return json.loads(self.get(f"/formgrader/api/{path}"))

    def told(self):
        """What of the roster was in any answer."""
        words = [word for key, person in PEOPLE.items() for word in (key, *person)]
        return {word for word in words if any(word.lower() in text.lower() for text in self.seen)}


@pytest.fixture(scope="module")
def client(paths):
    with server("formgrader", paths.root) as address:
        yield Client(address)


@pytest.fixture
def asked(client):
    client.seen.clear()
    return client


PAGES = ("", "/manage_assignments", f"/manage_submissions/{UNIT}", "/gradebook", f"/gradebook/{UNIT}",
         f"/gradebook/{UNIT}/{UNIT}", "/manage_students")  # fmt: skip
LISTS = ("status", "assignments", f"assignment/{UNIT}", f"notebooks/{UNIT}")


def test_no_page_and_no_answer_tells_a_name(asked, paths):
    for page in PAGES:
        asked.get(f"/formgrader{page}")
    for name in LISTS:
        asked.json(name)
    students = asked.json("students")
    names = [one["id"] for one in students]
    assert names == [f"student-{number:03}" for number in range(1, 5)]
    submissions = asked.json(f"submissions/{UNIT}")
    assert [one["student"] for one in submissions] == sorted(one["student"] for one in submissions)
    for name in names:
        asked.get(f"/formgrader/manage_students/{name}")
        asked.get(f"/formgrader/manage_students/{name}/{UNIT}")
        assert asked.json(f"student/{name}")["id"] == name
        assert [one["student"] for one in asked.json(f"student_submissions/{name}")] == [name]
        assert asked.json(f"submission/{UNIT}/{name}")["student"] == name
        asked.json(f"student_notebook_submissions/{name}/{UNIT}")
    with open_gradebook(paths) as gradebook:
        ids = {one.id: one.student.id for one in gradebook.notebook_submissions(UNIT, UNIT)}
    fileless = next(one for one, student in ids.items() if student == FILELESS)
    notebooks = asked.json(f"submitted_notebooks/{UNIT}/{UNIT}")
    assert len(ids) == len(notebooks) + 1 == 3
    for one in ids:
        status, page = asked.ask(f"/formgrader/submissions/{one}")
        assert status == 200 or one == fileless
        assert ("Student, 00" in page) == (status == 200)
        asked.ask(f"/formgrader/submissions/{one}/.")
        asked.ask(f"/formgrader/submissions/{one}/{UNIT}.ipynb")
        asked.ask(f"/formgrader/submissions/{one}/next?index=0")
        asked.ask(f"/formgrader/submissions/{one}/prev_incorrect")
        for kind in ("grade", "comment"):
            entries = asked.json(f"{kind}s?submission_id={one}")
            assert {entry["student"] for entry in entries} < set(names)
            asked.json(f"{kind}/{entries[0]['id']}")
        asked.ask(f"/formgrader/api/submitted_notebook/{one}/flag", "POST")
    assert len(asked.seen) > 60
    assert asked.told() == set()


def test_steps_that_tell_names_are_refused_in_one_line(asked):
    name = asked.json("students")[0]["id"]
    steps = ("autograde", "generate_feedback", "release_feedback")
    places = [f"submission/{UNIT}/{name}/autograde", *(f"assignment/{UNIT}/{name}/{step}" for step in steps[1:])]
    places += [f"assignment/{UNIT}/{step}" for step in ("generate_feedback", "release_feedback", "collect")]
    for place in places:
        status, text = asked.ask(f"/formgrader/api/{place}", "POST")
        assert (status, json.loads(text)["log"]) == (200, REFUSED)
    status, text = asked.ask(f"/formgrader/api/student/{name}", "PUT", {"first_name": "x"})
    assert (status, json.loads(text)) == (403, {"error": REFUSED})
    assert asked.told() == set()


def test_an_id_of_the_roster_is_no_address(asked):
    for path in ("/formgrader/manage_students/zq4711", f"/formgrader/api/submission/{UNIT}/zq4711"):
        assert asked.ask(path)[0] == 404


def test_points_and_comments_reach_the_right_student(asked, paths):
    points = {"zq4711": 4.5, "zq4712": 1.5}
    with open_gradebook(paths) as gradebook:
        ids = {one.student.id: one.id for one in gradebook.notebook_submissions(UNIT, UNIT)}
    for student, value in points.items():
        grades = asked.json(f"grades?submission_id={ids[student]}")
        comments = asked.json(f"comments?submission_id={ids[student]}")
        essay = next(one for one in grades if one["name"] == "essay")
        comment = next(one for one in comments if one["name"] == "essay")
        assert essay["student"] == Pseudonyms(paths.class_dir).of(student)
        text = f"worth {value}"
        status, _ = asked.ask(f"/formgrader/api/grade/{essay['id']}", "PUT", {**essay, "manual_score": value})
        assert status == 200
        asked.ask(f"/formgrader/api/comment/{comment['id']}", "PUT", {**comment, "manual_comment": text})
    with open_gradebook(paths) as gradebook:
        for student, value in points.items():
            assert gradebook.find_grade("essay", UNIT, UNIT, student).manual_score == value
            assert gradebook.find_comment("essay", UNIT, UNIT, student).comment == f"worth {value}"
        assert gradebook.find_grade("essay", UNIT, UNIT, FILELESS).manual_score is None
    assert asked.told() == set()


def test_names_come_back_at_once(asked, paths):
    set_anonymous(paths.class_dir, False)
    try:
        assert {one["id"] for one in asked.json("students")} == set(PEOPLE)
        assert asked.told() == {word for key, person in PEOPLE.items() for word in (key, *person)}
        assert asked.json("student/zq4711")["last_name"] == "Lovelace"
    finally:
        set_anonymous(paths.class_dir, True)


def test_pseudonyms_stay_and_do_not_follow_the_roster(tmp_path):
    ids = [f"{number:02}" for number in range(30)]
    save_roster(tmp_path, Roster({one: Student(one, one) for one in ids}))
    names = [Pseudonyms(tmp_path).of(one) for one in ids]
    assert len(set(names)) == 30
    assert names != sorted(names)
    save_roster(tmp_path, Roster({one: Student(one, one) for one in [*ids[5:], "new"]}))
    again = Pseudonyms(tmp_path)
    assert [again.of(one) for one in ids] == names
    assert again.of("new") == "student-031"
    assert again.student("student-031") == "new"
    assert again.of("not on the roster") == "student-032"
    assert again.student("student-999") is None
    assert (tmp_path / ANONYMOUS).stat().st_mode & 0o077 == 0


def test_it_is_off_until_it_is_asked_for_and_stays(tmp_path):
    assert not is_anonymous(tmp_path)
    set_anonymous(tmp_path, True)
    Pseudonyms(tmp_path)
    assert is_anonymous(tmp_path)
    set_anonymous(tmp_path, False)
    assert not is_anonymous(tmp_path)
    (tmp_path / ANONYMOUS).write_text('{"on": 3}')
    with pytest.raises(ClassError, match="damaged"):
        is_anonymous(tmp_path)
