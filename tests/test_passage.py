"""What a cell costs that never ends, takes all memory or ends its kernel: itself, and it is said where."""

import json
from dataclasses import replace

import pytest
from nbformat.v4 import new_code_cell

from cvcourse.grading import walled
from cvcourse.grading.allowance import WHOLE, Allowance
from cvcourse.grading.execute import execute
from cvcourse.grading.marking import mark
from cvcourse.grading.outcomes import Outcome
from cvcourse.grading.runs import CellRun, Limits
from tests import tiny_course as tiny

FULL = dict(tiny.POINTS)
DOUBLE, SHIFT = ("double-visible", "double-hidden"), ("shift-visible", "shift-hidden")
MEMORY = 300  # MiB


@pytest.fixture
def marked(request):
    def run(*own, kernels="walls", limits, source=None, earlier=None, **answers):
        notebook = tiny.handed_in(**answers)
        notebook.cells[2:2] = [new_code_cell(text) for text in own]
        execution = execute
        if kernels == "walls":
            execution = walled.Walls(zygote=request.getfixturevalue("zygote")).run
        source = source or tiny.solved()
        return mark(source, tiny.as_bytes(notebook), "7", limits, stubs=tiny.STUBS, run=execution, earlier=earlier)

    return run


def points(result):
    return {one.grade_id: one.points for one in result.verdicts}


def without(*names):
    return {name: 0.0 if name in names else value for name, value in FULL.items()}


def reason(result, name):
    return next(one.reason for one in result.verdicts if one.grade_id == name)


@pytest.mark.parametrize(
    ("kernels", "body", "limit"),
    [
        pytest.param("walls", "while True: pass", "it used more than 1 CPU seconds", marks=pytest.mark.sandbox),
        pytest.param("walls", "import time; time.sleep(9)", "it took more than 1 seconds", marks=pytest.mark.sandbox),
        ("no walls", "while True: pass", "it used more than 1 CPU seconds"),
    ],
    ids=["walls-computes", "walls-sleeps", "computes"],
)
def test_a_function_that_never_ends_costs_its_exercise(marked, kernels, body, limit):
    limits = Limits(cell=1, notebook=2, given=20, patience=1)
    if "while" in body:
        limits = replace(limits, patience=30)
    result = marked(kernels=kernels, limits=limits, double=f"def double(x):\n    {body}")
    assert points(result) == without(*DOUBLE)
    assert reason(result, "double-visible") == limit
    tenth = f"{limit.replace('1', '0.1')}; a test of this exercise had already run into its limit"
    assert reason(result, "double-hidden") == tenth


def test_no_cell_gets_all_that_is_left():
    notebook = tiny.solved()
    allowance = Allowance(notebook, Limits())
    tests = [n for n, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade")]
    given = []
    for _ in range(2):  # as many tests that never end as in a notebook of some exercises
        for index in range(len(notebook.cells)):
            allowance.enter(index)
            if index in tests:
                seconds = allowance.of(index)
                allowance.take(index, CellRun("timeout", seconds=2 * seconds.cpu), seconds)
                given.append((seconds.cpu, WHOLE in seconds.why))
    assert given[:3] == [(60, False), (6, False), (60, False)]
    assert given[4] == (54, True)
    assert all(cpu > 3 for cpu, _ in given)
    assert not allowance.is_over


def test_a_cell_that_is_in_its_limits_has_them_to_the_end():
    notebook = tiny.solved()
    allowance = Allowance(notebook, Limits())
    for _ in range(3):
        seconds = allowance.of(5)
        allowance.take(5, CellRun("ok", seconds=58), seconds)
        assert (seconds.cpu, seconds.why) == (60, "")
    assert allowance.of(5).cpu == pytest.approx(0.9 * 66, rel=0.01)
    assert allowance.of(5, again=True).cpu == 60  # what has ended well before must not fail for it


@pytest.fixture
def starved(marked):
    """A notebook with cells that use up everything, before two exercises and a given cell between them."""
    source = tiny.solved()
    check = new_code_cell("CHECK = 1", id="check", metadata=tiny._nbgrader("check_shift") | {"tags": ["given"]})
    source.cells.insert(7, check)
    return source, marked(*["while True: pass"] * 4, source=source, limits=Limits(cell=0.3, notebook=0.5, given=20))


@pytest.mark.sandbox
def test_when_the_time_runs_out_one_remark_names_the_guilty(starved):
    result = starved[1]
    assert {one.outcome for one in result.verdicts} == {Outcome.TIMED_OUT}
    used_up = f"{WHOLE} was used up, above all by the cell after setup (number 3)"
    assert reason(result, "shift-hidden") == used_up
    told = [note for note in result.notes if WHOLE in note and "points" in note]
    assert told == [f"10 points of 4 tests were lost to {WHOLE}, first at double-visible: {used_up}"]
    assert not any("did not end well" in note for note in result.notes)


@pytest.mark.sandbox
def test_the_remark_stays_while_the_points_are_lost(starved):
    source, result = starved
    kept = {one.grade_id: one for one in result.verdicts if one.grade_id != "double-visible"}
    again = mark(
        source,
        tiny.as_bytes(tiny.handed_in()),
        "7",
        Limits(),
        stubs=tiny.STUBS,
        run=tiny.run_here,
        earlier=kept,
    )
    assert points(again)["double-visible"] == 2
    assert [note.split(", first")[0] for note in again.notes[1:]] == [f"8 points of 3 tests were lost to {WHOLE}"]


HOG = "a = []\nwhile True: a.append(bytearray(10**7))"
NEEDS = "def shift(x):\n    bytearray(150 << 20)\n    return x + BASE"
LEAKS = "kept = []\ndef double(x):\n    kept.append(bytearray(100 << 20))\n    return 2 * x"
TAKES_ALL = f"def double(x):\n    global a\n    {HOG.replace(chr(10), chr(10) + '    ')}"


@pytest.fixture
def little_memory(monkeypatch):
    usual = walled.kernel_limits
    monkeypatch.setattr(walled, "kernel_limits", lambda limits: replace(usual(limits), memory_mb=MEMORY))


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("own", "double", "lost"),
    [([HOG], tiny.RIGHT["double"], ()), ([], TAKES_ALL, DOUBLE), ([], LEAKS, ())],
    ids=["own cell", "function", "leak"],
)
def test_memory_that_one_takes_is_there_for_the_next(marked, little_memory, own, double, lost):
    result = marked(*own, limits=Limits(cell=10, notebook=60, given=20), double=double, shift=NEEDS)
    why = f"it needed more than {MEMORY} MiB of memory"
    assert points(result) == without(*lost)
    assert {one.reason for one in result.verdicts if one.grade_id in lost} <= {why}
    assert result.notes == [f"the cell after setup (number 3) was left out: {why}"] * len(own)


@pytest.mark.sandbox
def test_out_of_memory_is_known_by_what_libraries_say(marked, little_memory):
    says = (
        "def double(x):\n    kept.append(bytearray(200 << 20))\n    raise RuntimeError('could not create a primitive')"
    )
    result = marked("kept = []", limits=Limits(cell=10, notebook=60, given=20), double=says, shift=NEEDS)
    assert points(result) == without(*DOUBLE)
    assert reason(result, "double-hidden") == f"it needed more than {MEMORY} MiB of memory"


@pytest.mark.sandbox
def test_a_cell_of_the_students_own_that_is_left_out_says_so(marked):
    own = ["while True: pass", "import time; time.sleep(1e9)", "import os; os.abort()", "import os; os._exit(1)"]
    result = marked(*own, limits=Limits(cell=0.5, notebook=20, given=20, patience=4))
    assert points(result) == FULL
    why = ["it used more than 0.5 CPU seconds", "it took more than 2 seconds"]
    why += ["the kernel ended in the middle of the cell"] * 2
    assert result.notes == [
        f"the cell after setup (number {number}) was left out: {text}" for number, text in enumerate(why, 3)
    ]
    for cell, text in zip(result.notebook.cells[2:6], why, strict=True):
        assert text in json.dumps(cell.outputs)
        assert cell.outputs[-1].output_type == "error"
