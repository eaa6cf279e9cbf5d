"""A submission in two walled kernels: which cell runs where, what a bad cell costs, and which outcome says so."""

import json

import pytest
from nbformat.v4 import new_code_cell

from cvcourse.grading.execute import Limits
from cvcourse.grading.isolation import KernelError
from cvcourse.grading.marking import mark
from cvcourse.grading.outcomes import Outcome
from cvcourse.grading.walled import Walls, kernel_limits
from tests import tiny_course as tiny

pytestmark = pytest.mark.sandbox
SEED = "123456"
LIMITS = Limits(cell=1.0, notebook=20, given=20, patience=30)
FULL = dict(tiny.POINTS)
DOUBLE, SHIFT = ("double-visible", "double-hidden"), ("shift-visible", "shift-hidden")


@pytest.fixture(scope="module")
def walls(zygote):
    with Walls(zygote=zygote) as walls:
        yield walls


@pytest.fixture
def marked(walls):
    def run(notebook=None, *, source=None, limits=LIMITS, **answers):
        notebook = notebook or tiny.handed_in(**answers)
        return mark(source or tiny.solved(), tiny.as_bytes(notebook), SEED, limits, stubs=tiny.STUBS, run=walls.run)

    return run


def points(result):
    return {one.grade_id: one.points for one in result.verdicts}


def outcomes(result, names):
    return {one.outcome for one in result.verdicts if one.grade_id in names}


def reasons(result, names):
    return [one.reason for one in result.verdicts if one.grade_id in names]


def without(*names):
    return {name: 0.0 if name in names else value for name, value in FULL.items()}


def shown(notebook, name):
    return json.dumps(tiny.cell_of(notebook, name).outputs)


def test_right_answers_get_all_points_and_the_milestone_is_not_run(marked):
    result = marked()
    assert points(result) == FULL
    assert result.notes == []
    assert tiny.cell_of(result.notebook, "milestone").outputs == []
    assert 0 <= result.seconds < LIMITS.notebook  # the clock ticks in hundredths


def test_the_seed_and_the_tests_are_not_in_the_students_kernel(marked):
    nosy = (
        "import os\ndef double(x):\n    print('seed', os.environ.get('CVCOURSE_SEED'))\n"
        "    print('cells', [text for text in In if 'ass' 'ert' in text], globals().get('secret_input'))\n"
        "    return 2 * x"
    )
    result = marked(double=nosy)
    assert points(result) == FULL
    assert "seed None" in shown(result.notebook, "double-hidden")
    assert "cells [] None" in shown(result.notebook, "double-hidden")


def test_given_cells_run_in_both_kernels_and_a_student_cannot_change_the_testers(marked):
    result = marked(shift="BASE = 20\ndef shift(x):\n    return x + BASE")
    assert points(result) == without(*SHIFT)
    assert reasons(result, SHIFT)[0] == "AssertionError: shift(1) is 11, not 21"
    source = tiny.solved()
    tiny.cell_of(source, "shift-visible").source = "assert BASE == 10\nassert shift(1) == 21"
    assert points(marked(source=source, shift="BASE = 20\ndef shift(x):\n    return x + BASE"))["shift-visible"] == 1


def test_a_locked_cell_without_the_tag_runs_in_the_students_kernel_only(marked):
    source = tiny.solved()
    tiny.cell_of(source, "setup").metadata["tags"] = ["setup"]
    tiny.cell_of(source, "shift-visible").source = "assert BASE == 10, 'BASE is the answer side\\'s'"
    tiny.cell_of(source, "double-hidden").source = "import os\nassert double(1) == 2"
    assert points(marked(source=source)) == FULL
    changed = marked(source=source, double="BASE = 11\ndef double(x):\n    return 2 * x")
    assert points(changed)["shift-visible"] == 0


def test_a_tag_of_the_submission_never_counts(marked):
    work = tiny.handed_in(double="def double(x):\n    return 2 * x")
    tiny.cell_of(work, "double").metadata["tags"] = ["given"]
    own = new_code_cell("secret_input = 0\nBASE = 99\ndouble = 3", metadata={"tags": ["given"]})
    own.metadata["nbgrader"] = {"grade": False, "grade_id": "mine", "locked": True, "solution": False, "task": False}
    work.cells.insert(2, own)
    result = marked(work)
    assert points(result) == without(*SHIFT)  # BASE is 99 where the student's own cells run, and only there
    assert "tags" not in result.notebook.cells[2].metadata


def test_a_stub_is_not_attempted_and_the_other_exercise_counts(marked):
    result = marked(double=None)
    assert points(result) == without(*DOUBLE)
    assert outcomes(result, DOUBLE) == {Outcome.NOT_ATTEMPTED}


def test_a_missing_answer_and_a_syntax_error_are_named(marked):
    work = tiny.handed_in(shift="def shift(x)\n    return x")
    work.cells.remove(tiny.cell_of(work, "double"))
    result = marked(work)
    assert outcomes(result, DOUBLE) == {Outcome.BROKEN}
    assert all("the answer cell shift ended with SyntaxError" in text for text in reasons(result, SHIFT))


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        ("def double(x):\n    import os\n    os._exit(0)", Outcome.CRASHED, "ended in the middle"),
        ("def double(x):\n    import ctypes\n    ctypes.string_at(0)", Outcome.CRASHED, "ended in the middle"),
        ("def double(x):\n    while True:\n        pass", Outcome.TIMED_OUT, "CPU seconds"),
        ("def double(x):\n    return bytearray(5 << 30)", Outcome.CRASHED, "more than 2048 MiB of memory"),
        ("def double(x):\n    raise SystemExit", Outcome.FAILED, "SystemExit"),
        ("while True:\n    pass", Outcome.TIMED_OUT, "the answer cell double"),
        ("import os\nos._exit(0)", Outcome.CRASHED, "the answer cell double"),
    ],
)
def test_a_bad_cell_costs_its_exercise_only(marked, answer, outcome, reason):
    result = marked(double=answer)
    assert points(result) == without(*DOUBLE)
    assert outcomes(result, DOUBLE) == {outcome}
    assert all(reason in text for text in reasons(result, DOUBLE))


def test_a_crash_in_one_test_costs_that_test_only(marked):
    result = marked(double="def double(x):\n    if x == 3:\n        import os\n        os._exit(0)\n    return 2 * x")
    assert points(result) == without("double-visible")
    assert outcomes(result, DOUBLE) == {Outcome.CRASHED, Outcome.PASSED}


def test_a_thread_that_ends_the_kernel_later_costs_its_own_cell(marked):
    late = (
        "import os, threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.3), os._exit(0))).start()\ntime.sleep(0.25)"
    )
    work = tiny.handed_in()
    work.cells.insert(3, new_code_cell(late))
    result = marked(work)
    assert points(result) == FULL


def test_the_time_of_the_whole_notebook_is_bounded(marked):
    slow = (
        "def {0}(x):\n    import time\n    end = time.process_time() + 0.8\n    while time.process_time() < end: pass\n"
    )
    limits = Limits(cell=5, notebook=2.0, given=20)
    result = marked(limits=limits, double=slow.format("double") + "    return 2 * x", shift=slow.format("shift"))
    assert points(result)["double-visible"] == 2
    last = next(one for one in result.verdicts if one.grade_id == "shift-hidden")
    assert last.outcome == Outcome.TIMED_OUT
    assert "whole notebook" in last.reason


def test_an_object_that_equals_everything_is_refused(marked):
    liar = "class Liar:\n    def __eq__(self, other):\n        return True\ndef double(x):\n    return Liar()"
    result = marked(double=liar)
    assert points(result) == without(*DOUBLE)
    assert outcomes(result, DOUBLE) == {Outcome.REFUSED}


def test_a_call_of_the_reference_is_refused(marked):
    source = tiny.solved()
    test = (
        "import torch\nfrom cvcourse import guard\nwith guard.forbid(guard.CONVOLUTIONS):\n    found = double(3)\n"
        "assert found == 6"
    )
    tiny.cell_of(source, "double-visible").source = test
    cheat = "import torch\ndef double(x):\n    torch.nn.functional.pad(torch.ones(2), (1, 1))\n    return 2 * x"
    result = marked(source=source, double=cheat)
    assert points(result) == without("double-visible")
    assert outcomes(result, ["double-visible"]) == {Outcome.REFUSED}
    assert "reference" in reasons(result, ["double-visible"])[0]
    assert points(marked(source=source)) == FULL


def test_a_failed_given_cell_of_the_tester_is_the_graders_fault(marked):
    source = tiny.solved()
    tiny.cell_of(source, "setup").source = "import os\nos._exit(0)"
    result = marked(source=source)
    assert outcomes(result, SHIFT) == {Outcome.FAULT}
    assert "the given cell setup did not end well" in result.notes[0]


def test_a_given_cell_that_the_students_own_code_ends_is_no_fault_of_the_grader(marked):
    work = tiny.handed_in()
    trap = "import builtins, os\nbuiltins.__import__ = lambda *args, **kwargs: os._exit(0)"
    work.cells.insert(0, new_code_cell(trap))
    result = marked(work)
    assert sum(points(result).values()) == 0
    assert Outcome.FAULT not in outcomes(result, FULL)
    assert "the given cell setup did not end well" in result.notes[0]


def test_earlier_verdicts_save_their_tests(walls, marked):
    before = {one.grade_id: one for one in marked().verdicts}
    wrong = tiny.as_bytes(tiny.handed_in(double="def double(x):\n    return 0", shift="def shift(x):\n    return 0"))
    kept = {name: before[name] for name in DOUBLE}
    result = mark(tiny.solved(), wrong, SEED, LIMITS, stubs=tiny.STUBS, run=walls.run, earlier=kept)
    assert points(result) == without(*SHIFT)


def test_no_frame_of_the_grader_is_in_a_traceback(marked):
    result = marked(double="def double(x):\n    return {}[x]")
    assert "KeyError" in shown(result.notebook, "double-visible")
    assert "cvcourse/grading" not in shown(result.notebook, "double-visible")


def test_what_a_test_shows_has_an_end(marked):
    flood = "def double(x):\n    print('x' * 3_000_000)\n    return 2 * x"
    result = marked(double=flood, limits=Limits(cell=5, notebook=20, given=20, output=50_000))
    assert points(result) == FULL
    assert len(json.dumps(result.notebook)) < 250_000


def test_kernels_that_cannot_be_started_are_an_error_not_a_verdict(zygote, monkeypatch):
    def refuse(*args, **kwargs):
        raise KernelError("no kernel here")

    monkeypatch.setattr(zygote, "spawn", refuse)
    with pytest.raises(KernelError, match="no kernel here"):
        mark(
            tiny.solved(),
            tiny.as_bytes(tiny.handed_in()),
            SEED,
            LIMITS,
            stubs=tiny.STUBS,
            run=Walls(zygote=zygote).run,
        )


def test_limits_of_a_kernel_follow_those_of_its_cells():
    limits = kernel_limits(Limits(notebook=100, given=30, output=2048))
    assert limits.cpu_seconds == 161
    assert limits.output_kb == 2
