"""What the ledger refuses changes nothing: bad notebooks, locks, full disks, kills; and what its work costs."""

import copy
import os
import pickle
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from nbformat.v4 import new_output
from nbgrader.converters.base import NbGraderException

from cvcourse.errors import ClassError
from cvcourse.grading import ledger_files
from cvcourse.grading.ledger import Ledger
from tests import nbgraders_own
from tests import tiny_course as tiny
from tests.twin_classes import files, handed_in, marked, tables

_LOST = (
    "DELETE FROM grade WHERE cell_id = (SELECT id FROM base_cell WHERE name = 'double-hidden' AND type = 'GradeCell')"
)


@pytest.fixture
def quick_lock(monkeypatch, twins):
    """Wait a fifth of a second for a lock, not SQLite's five."""
    file = twins.ours.class_dir / "gradebook.db"
    monkeypatch.setenv("CVCOURSE_GRADEBOOK", f"sqlite:///{file}?timeout=0.2")
    return file


def _duplicated(result):
    result.notebook.cells.append(copy.deepcopy(tiny.cell_of(result.notebook, "double-visible")))
    result.notebook.cells[-1].id = "twice"


def _invalid(result):
    tiny.cell_of(result.notebook, "double").outputs = [new_output("stream", text="x")]
    tiny.cell_of(result.notebook, "double").outputs[0].name = 5


def _overpaid(result):
    output = new_output("execute_result", data={"text/plain": "99"}, execution_count=1)
    tiny.cell_of(result.notebook, "double-visible").outputs = [output]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(_duplicated, "Duplicate grade id"), (_invalid, "ValidationError"), (_overpaid, "partial credit")],
)
def test_a_notebook_that_nbgrader_refuses_is_refused_and_nothing_changes(twins, spoil, reason):
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", twins.submit("a", handed_in(double=None)))
        before = twins.state()
        result = twins.submit("a", handed_in())
        spoil(result)
        with pytest.raises(NbGraderException):
            nbgraders_own.autograde(twins.theirs, tiny.UNIT, "a", copy.deepcopy(result))
        with pytest.raises(NbGraderException, match=reason) as refused:
            ledger.enter("a", result)
        assert "\n" not in str(refused.value)
        assert twins.state() == before


def test_a_bad_time_stamp_and_a_lost_row_are_refused(twins):
    result = twins.submit("a", handed_in(), "yesterday")
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        before = twins.state()
        with pytest.raises(NbGraderException, match="is no date"):
            ledger.enter("a", copy.deepcopy(result))
        twins.submit("a", handed_in())
        assert twins.state() == before
        ledger.enter("a", copy.deepcopy(result))
        with closing(sqlite3.connect(twins.ours.class_dir / "gradebook.db")) as db:
            db.execute(_LOST)
            db.commit()
        before = twins.state()
        with pytest.raises(NbGraderException, match="no grade of a for double-hidden"):
            ledger.enter("a", marked(handed_in(double=None), twins.ours))
        assert twins.state() == before


@pytest.mark.parametrize("lock", ["BEGIN EXCLUSIVE", "BEGIN; SELECT * FROM grade"])
def test_a_lock_on_the_gradebook_is_one_line_and_nothing_is_half_entered(twins, quick_lock, lock):
    """The first lock stops the first row, the second one the commit, when the files are in their places already."""
    result = marked(handed_in(), twins.ours)
    tiny.submit(twins.ours.class_dir, "a", handed_in())
    with closing(sqlite3.connect(quick_lock, isolation_level=None)) as other, Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", marked(handed_in(double=None), twins.ours))
        before = twins.state()
        for student in "ab":
            for statement in lock.split(";"):
                held = other.execute(statement)
                held.fetchone()
            with pytest.raises(ClassError, match="in use: close formgrader") as refused:
                ledger.enter(student, copy.deepcopy(result))
            assert "\n" not in str(refused.value)
            held.close()
            other.execute("ROLLBACK")
            assert twins.state() == before
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ClassError, match="in use"):
            ledger.enter_nothing("a")
        other.execute("ROLLBACK")
        assert twins.state() == before
        assert ledger.enter("a", result)["double-hidden"] == 3
    with closing(sqlite3.connect(quick_lock, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ClassError, match="in use"), Ledger(twins.ours, tiny.UNIT):
            pass


def test_between_two_submissions_the_gradebook_is_free_for_formgrader(twins, quick_lock):
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", twins.submit("a", handed_in(double=None)))
        assert ledger.scores() and ledger.entered() and ledger.points("a")
        with closing(sqlite3.connect(quick_lock, timeout=0.1)) as other:
            other.execute("UPDATE grade SET manual_score = 1")
            other.commit()
        assert ledger.scores()["a"] == 7
        ledger.enter("a", twins.submit("a", handed_in()))
        assert ledger.scores()["a"] == 7


@pytest.mark.parametrize(
    ("size", "reason"),
    [(1000, r"cannot write .*File too large"), (40_000, "cannot write the gradebook .* make room")],
    ids=["files", "gradebook"],
)
def test_a_full_disk_is_one_line_and_nothing_is_half_entered(twins, size, reason):
    """A bound on the size of files stands for the disk: below the notebook's, then between that and the gradebook's."""
    result = twins.submit("b", handed_in())
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", twins.submit("a", handed_in()))
        before = twins.state()
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limit[1]))
        try:
            with pytest.raises(ClassError, match=reason) as refused:
                ledger.enter("b", copy.deepcopy(result))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert "\n" not in str(refused.value)
        assert twins.state() == before
        ledger.enter("b", result)
        assert ledger.entered() == {"a", "b"}


def test_a_folder_that_cannot_be_written_is_one_line_and_nothing_is_half_entered(twins, monkeypatch):
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        ledger.enter("a", twins.submit("a", handed_in(double=None)))
        (twins.ours.class_dir / "autograded" / "b").write_text("no folder")
        before = twins.state()
        with pytest.raises(ClassError, match="cannot write"):
            ledger.enter("b", twins.submit("b", handed_in()))
        assert twins.state() == before
        replace, places = os.replace, []

        def second_fails(source, target):
            places.append(target)
            if len(places) == 2:
                raise PermissionError(13, "Permission denied")
            replace(source, target)

        monkeypatch.setattr(ledger_files.os, "replace", second_fails)
        for student in "ac":
            places.clear()
            with pytest.raises(ClassError, match=r"cannot write .*Permission denied"):
                ledger.enter(student, twins.submit(student, handed_in()))
            assert len(places) == (4 if student == "a" else 2)  # what was replaced is brought back
            assert twins.state() == before


def test_the_assignment_must_be_in_the_gradebook(twins):
    with pytest.raises(ClassError, match="no assignment 02_other"), Ledger(twins.ours, "02_other"):
        pass
    assert files(twins.ours) == {}


_KILLED = """
import os, pathlib, pickle, signal, sys
from nbgrader.converters import Autograde
from cvcourse.grading.ledger import Ledger
from cvcourse.grading.marking import mark
from cvcourse.paths import CoursePaths
root, unit, works = pathlib.Path(sys.argv[1]), sys.argv[2], pickle.load(sys.stdin.buffer)
with Ledger(CoursePaths(root, root / "class"), unit) as ledger:
    ledger.enter("a", works["a"])
    ledger.enter("b", works["b"])
    Autograde.set_permissions = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # after the rows, before the commit
    ledger.enter("b", works["c"])
"""


def test_a_killed_run_loses_nothing_that_was_entered(twins):
    works = {
        "a": twins.submit("a", handed_in(double=None)),
        "b": twins.submit("b", handed_in(shift=None)),
        "c": twins.submit("c", handed_in()),
    }
    command = [sys.executable, "-c", _KILLED, str(twins.ours.root), tiny.UNIT]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(command, input=pickle.dumps(works), env=environment, capture_output=True)
    assert run.returncode == -signal.SIGKILL, run.stderr.decode()
    for student in "ab":
        nbgraders_own.autograde(twins.theirs, tiny.UNIT, student, copy.deepcopy(works[student]))
    assert tables(twins.ours) == tables(twins.theirs)
    with Ledger(twins.ours, tiny.UNIT) as ledger:
        assert ledger.entered() == {"a", "b"}
        for student in "bc":
            ledger.enter(student, copy.deepcopy(works[student]))
    nbgraders_own.autograde(twins.theirs, tiny.UNIT, "c", copy.deepcopy(works["c"]))
    twins.compare()
