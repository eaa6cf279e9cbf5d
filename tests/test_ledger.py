"""The ledger leaves gradebook and files as nbgrader's own Autograde does, with the same executed notebook."""

import copy
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from nbformat.v4 import new_code_cell, new_output
from nbgrader.apps.api import NbGraderAPI

from cvcourse.grading import bridge
from cvcourse.grading.collection import Collection, Entry, save_collection
from cvcourse.grading.due import set_due, write_extension
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.ledger import Ledger
from tests import nbgraders_own
from tests import tiny_course as tiny
from tests.twin_classes import files, handed_in, marked

DUE = datetime(2026, 1, 1, 11, 0, tzinfo=UTC)
_GRADE = "(SELECT id FROM base_cell WHERE name = '{}' AND type = '{}')"

_ESSAY = _GRADE.format("essay", "GradeCell")


@pytest.mark.parametrize(
    "work",
    [
        handed_in(),
        handed_in(by_hand=False, double=None),
        handed_in(shift="def shift(x):\n    return 11"),
        b"{ no notebook",
    ],
    ids=["right", "nothing by hand", "half", "broken"],
)
def test_a_first_submission(twins, work):
    twins.enter("a", twins.submit("a", work))


def test_a_notebook_is_limited_and_rewritten_as_nbgrader_does(twins):
    work = handed_in()
    work.cells.append(new_code_cell("print('mine')"))
    result = twins.submit("a", work)
    many = "".join(f"line {number}\n" for number in range(1500))
    lines = [f"frame {number}" for number in range(150)]
    result.notebook.cells[-1].outputs = [
        new_output("stream", name="stderr", text=many),
        new_output("stream", name="stdout", text=["a\n", "b"]),
        new_output("display_data", data={"text/html": ["<b>\n", "x</b>"], "image/png": "aGk=", "application/json": []}),
        new_output("execute_result", data={"text/plain": "é\n\u2028ü"}, execution_count=3),
        new_output("error", ename="E", evalue="v", traceback=lines),
    ]
    result.notebook.cells[-1].metadata["trusted"] = True
    result.notebook.metadata["signature"] = "x"
    tiny.cell_of(result.notebook, "double-visible").outputs.append(new_output("stream", name="stderr", text="careful"))
    tiny.cell_of(result.notebook, "shift-visible").outputs.append(
        new_output("execute_result", data={"text/plain": "0.5"}, execution_count=4)
    )
    twins.enter("a", result)


@pytest.mark.filterwarnings("ignore::nbformat.warnings.MissingIDFieldWarning")
def test_a_changed_cell_is_put_right_as_nbgrader_does(twins, monkeypatch):
    ids = itertools.cycle(["put-back-1", "put-back-2"])
    monkeypatch.setattr("nbformat.validator.generate_corpus_id", lambda: next(ids))
    result = twins.submit("a", handed_in())
    cells = result.notebook.cells
    tiny.cell_of(result.notebook, "double-visible").metadata.nbgrader.points = 50
    tiny.cell_of(result.notebook, "double-hidden").source = "pass"
    tiny.cell_of(result.notebook, "setup").metadata.nbgrader.locked = False
    cells.remove(tiny.cell_of(result.notebook, "shift-visible"))
    cells.remove(tiny.cell_of(result.notebook, "task"))
    twins.enter("a", result)
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        points = ledger.points("a")
    assert points["double-visible"] == 2
    assert points["double-hidden"] == points["shift-visible"] == 0  # neither text ran


def test_a_regrade_keeps_what_a_person_gave(twins):
    for student in "ab":
        twins.enter(student, twins.submit(student, handed_in(double=None)))
    grade = "UPDATE grade SET manual_score = {}, extra_credit = {}, needs_manual_grade = 0 WHERE cell_id = "
    twins.sql(grade.format(1.5, "NULL") + _GRADE.format("double-hidden", "GradeCell"))
    twins.sql(grade.format(2, 0.5) + _GRADE.format("essay", "GradeCell"))
    twins.sql(grade.format(1, "NULL") + _GRADE.format("task", "TaskCell"))
    twins.sql("UPDATE comment SET manual_comment = 'fine' WHERE cell_id = " + _GRADE.format("sketch", "SolutionCell"))
    twins.sql("UPDATE submitted_notebook SET flagged = 1, late_submission_penalty = 3")
    twins.enter("a", twins.submit("a", handed_in(by_hand=False)))
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        assert ledger.scores() == {"a": 7 + 1.5 + 2.5 + 1, "b": 5 + 1.5 + 2.5 + 1}
        assert ledger.entered() == {"a", "b"}
        assert ledger.points("c") == {}
    with open_gradebook(twins.ours) as gradebook:
        assert gradebook.find_submission(tiny.UNIT, "a").score == 12


def test_a_verdict_that_still_holds_is_not_to_be_looked_at_again_but_where_nobody_did(twins):
    result = twins.submit("a", handed_in())
    twins.enter("a", result)
    twins.sql("UPDATE grade SET manual_score = 2, needs_manual_grade = 0 WHERE cell_id = " + _ESSAY)
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", marked(handed_in(), twins.ours), {"essay", "sketch"})
    with open_gradebook(twins.ours) as gradebook:
        names = {
            one.name: one.needs_manual_grade for one in gradebook.find_submission_notebook(*[tiny.UNIT] * 2, "a").grades
        }
    assert (names["essay"], names["sketch"], names["double-hidden"]) == (False, True, False)


def test_a_second_submission_with_files_beside_the_notebook(twins):
    twins.enter("a", twins.submit("a", handed_in(double=None)))
    for paths in twins.both:
        folder = paths.class_dir / "submitted" / "a" / tiny.UNIT
        (folder / "helpers" / "__pycache__").mkdir(parents=True)
        for name in ("notes.txt", "helpers/data.csv", "helpers/more.csv", "helpers/x.pyc", "helpers/__pycache__/y"):
            (folder / name).write_text(f"the student's {name}")
        (folder / "another.ipynb").write_text("{}")
        (folder / "notes.txt").chmod(0o755)
    twins.enter("a", twins.submit("a", handed_in(), "2026-02-03 04:05:06 CET"))
    assert files(twins.ours)[f"a/{tiny.UNIT}/helpers/data.csv"] == (b"the course's\n", 0o444)
    for paths in twins.both:
        folder = paths.class_dir / "submitted" / "a" / tiny.UNIT
        (folder / "notes.txt").write_text("anew")
        (folder / "helpers" / "more.csv").unlink()
        (folder / "timestamp.txt").unlink()
    twins.enter("a", marked(handed_in(), twins.ours))
    for paths in twins.both:
        (paths.class_dir / "submitted" / "a" / tiny.UNIT / "timestamp.txt").write_text(" ")
    twins.enter("a", marked(handed_in(), twins.ours))


def test_a_student_whom_the_gradebook_does_not_know(twins):
    twins.enter("stranger", twins.submit("stranger", handed_in()))


def test_a_late_submission_under_the_configured_plugin(twins):
    for paths in twins.both:
        with (paths.root / "nbgrader_config.py").open("a") as file:
            file.write("\nc.LateSubmissionPlugin.penalty_method = 'zero'\nc.LimitOutput.max_lines = 3\n")
        with open_gradebook(paths) as gradebook:
            set_due(gradebook, tiny.UNIT, DUE)
    for student in "ab":
        twins.enter(student, twins.submit(student, handed_in(double=None)))
    twins.sql("UPDATE submitted_assignment SET extension = '1970-01-03 00:00:00' WHERE student_id = 'b'")
    twins.enter("b", marked(handed_in(), twins.ours))
    with open_gradebook(twins.ours) as gradebook:
        penalties = {s.student.id: s.late_submission_penalty for s in gradebook.assignment_submissions(tiny.UNIT)}
    assert penalties == {"a": 5, "b": 0}


@pytest.mark.parametrize("text", ["none", "zero", "10", "100%"])
def test_penalties_of_a_class(twins, text):
    late = DUE + timedelta(hours=30, microseconds=5)
    times = {"a": DUE - timedelta(hours=1), "b": late, "c": late}
    for paths in twins.both:
        entries = [
            Entry(f"{name}.ipynb", name, "taken", kind="notebook", time=t.isoformat()) for name, t in times.items()
        ]
        save_collection(paths.class_dir, Collection(tiny.UNIT, entries))
        with open_gradebook(paths) as gradebook:
            set_due(gradebook, tiny.UNIT, DUE)
    for student in times:
        twins.submit(student, handed_in(), "2026-01-09 12:00:00 UTC")
    result = marked(handed_in(), twins.ours)
    for paths in twins.both:
        with Ledger(paths, tiny.UNIT) as ledger:
            for student in times:
                ledger.enter(student, copy.deepcopy(result))
    twins.sql("UPDATE grade SET manual_score = 2 WHERE cell_id = " + _GRADE.format("essay", "GradeCell"))
    for days in (1, 3):
        for paths in twins.both:
            write_extension(paths.class_dir, tiny.UNIT, "c", DUE + timedelta(days=days))
        policy = bridge.LatePolicy.parse(text)
        with Ledger(twins.ours, tiny.UNIT) as ledger:
            ours = ledger.assign_penalties(policy)
        assert ours == nbgraders_own.assign_penalties(twins.theirs, tiny.UNIT, policy)
        assert ("b" in ours) == (text != "none")
        twins.compare()


def test_penalties_without_a_due_date(twins):
    twins.enter("a", twins.submit("a", handed_in()))
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        assert ledger.assign_penalties(bridge.LatePolicy("zero")) == {}
    assert nbgraders_own.assign_penalties(twins.theirs, tiny.UNIT, bridge.LatePolicy("zero")) == {}
    twins.compare()


def test_nothing_is_entered_for_a_submission_that_cannot_be_graded(twins):
    twins.enter("a", twins.submit("a", handed_in()))
    twins.sql("UPDATE grade SET manual_score = 2 WHERE cell_id = " + _GRADE.format("essay", "GradeCell"))
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        for student in "ab":
            nbgraders_own.record_nothing(twins.theirs, tiny.UNIT, student)
            ledger.enter_nothing(student)
        assert ledger.scores() == {"a": 2, "b": 0}
    twins.compare()
    twins.enter("a", twins.submit("a", handed_in()))


def test_another_notebook_of_the_assignment_that_is_missing_gets_no_points(twins):
    for paths in twins.both:
        with open_gradebook(paths) as gradebook:
            gradebook.add_notebook("second", tiny.UNIT)
            gradebook.add_grade_cell("other-test", "second", tiny.UNIT, max_score=4, cell_type="code")
    twins.enter("a", twins.submit("a", handed_in()))
    for paths in twins.both:
        (paths.class_dir / "submitted" / "b" / tiny.UNIT).mkdir(parents=True)
        (paths.class_dir / "submitted" / "b" / tiny.UNIT / "second.ipynb").write_text("{}")
    twins.enter("b", twins.submit("b", handed_in()))


def test_nbgrader_feedback_and_formgrader_go_on_from_there(twins):
    twins.enter("a", twins.submit("a", handed_in(double=None)))
    result = twins.submit("a", handed_in())
    twins.enter("a", result)
    nbgraders_own.autograde(twins.ours, tiny.UNIT, "a", copy.deepcopy(result))
    twins.compare()
    seen = []
    for paths in twins.both:
        config = bridge.nbgrader_config(paths)
        with bridge.nbgrader_log():
            api = NbGraderAPI(bridge.course_directory(config, tiny.UNIT), config=config)
            assert api.generate_feedback(tiny.UNIT, "a", force=True)["success"]
            submissions = api.get_submissions(tiny.UNIT) + api.get_notebook_submissions(tiny.UNIT, tiny.UNIT)
            seen.append([{key: one[key] for key in one if key != "id"} for one in submissions])
            assert api.get_autograded_students(tiny.UNIT) == {"a"}
        page = (paths.class_dir / "feedback" / "a" / tiny.UNIT / f"{tiny.UNIT}.html").read_text()
        assert "14.0" in page or "10.0" in page
    assert seen[0] == seen[1]
    assert seen[1][0]["autograded"] and seen[1][0]["score"] == 10
