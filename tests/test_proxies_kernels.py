"""A notebook whose answers run in one isolated kernel and whose tests in another, with the proxies between them."""

from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.sandbox

ANSWER = "import torch\ndef double(x):\n    return 2 * x\n"
TEST = """
import os, torch
from cvcourse.checks import check_close, generator, random_tensor
x = random_tensor(generator("t"), 3, 4).requires_grad_()
y = double(x)
check_close(y, 2 * x)
y.sum().backward()
check_close(x.grad, torch.full((3, 4), 2.0))
assert os.environ["CVCOURSE_SEED"] == "secret of the class"
"""
TIMES = {"cpu_seconds": 10, "wall_seconds": 60}


@pytest.fixture
def pair(zygote) -> Iterator:
    """A student's and a tester's kernel that know each other."""
    from cvcourse.grading.proxies.pair import Pair

    with Pair(zygote, seed="secret of the class") as started:
        yield started


def test_right_answer(pair):
    assert pair.run(ANSWER, **TIMES).status == "ok"
    first = pair.test(TEST, **TIMES)
    assert first.passed, first
    assert pair.test("assert double(4) == 8", **TIMES).passed


def test_wrong_answer_and_no_answer(pair):
    pair.run(ANSWER.replace("2 * x", "3 * x"), **TIMES)
    tested = pair.test(TEST, **TIMES)
    assert not tested.passed
    assert "values are wrong" in str(tested.tester)
    assert tested.student.status == "ok"
    tested = pair.test("assert halve(4) == 2", **TIMES)
    assert not tested.passed
    assert "NameError" in str(tested.tester)


def test_each_test_sees_the_names_as_they_are_then(pair):
    for value in (1, 2):
        pair.run(f"value = {value}", **TIMES)
        assert pair.test(f"assert value == {value}", **TIMES).passed


def test_given_cells_are_on_both_sides(pair):
    student, tester = pair.run_given("def half(x):\n    return x / 2", **TIMES)
    assert (student.status, tester.status) == ("ok", "ok")
    pair.run("def quarter(x):\n    return half(half(x))\ndef half(x):\n    return 0", **TIMES)
    assert pair.test("assert half(4) == 2.0 and quarter(4) == 0", **TIMES).passed


def test_output_of_the_answer_is_not_the_testers(pair):
    pair.run("def shout():\n    print('4 points')\n    return 1", **TIMES)
    tested = pair.test("assert shout() == 1", **TIMES)
    assert tested.passed
    assert "4 points" not in str(tested.tester)
    assert "4 points" in str(tested.student)


def test_the_secret_seed_is_not_in_the_answers_kernel(pair):
    pair.run("import os\nseen = os.environ.get('CVCOURSE_SEED')", **TIMES)
    assert pair.test("assert seen is None", **TIMES).passed


def test_an_endless_loop_costs_the_test_and_is_told_apart(pair):
    pair.run("def double(x):\n    while True: pass", **TIMES)
    tested = pair.test("assert double(4) == 8", cpu_seconds=1, wall_seconds=20)
    assert not tested.passed
    assert tested.student.status == "timeout"
    assert "has ended" in str(tested.tester)


def test_an_answer_that_ends_its_kernel(pair):
    pair.run("import os\ndef double(x):\n    os._exit(0)", **TIMES)
    tested = pair.test("assert double(4) == 8", **TIMES)
    assert not tested.passed
    assert tested.student.status == "died"


def test_an_answer_that_catches_the_end_of_its_test(pair):
    """A failed test does not leave the answer's kernel serving."""
    pair.run(ANSWER, **TIMES)
    assert not pair.test("double(1)\nassert False", **TIMES).passed
    assert pair.run("1 + 1", **TIMES).status == "ok"


SERVER = """
import gc
from cvcourse.grading.proxies.student import Student
server = next(thing for thing in gc.get_objects() if type(thing) is Student)
def double(x):
    return 2 * x
"""


def test_an_answer_that_serves_on_after_its_test(pair, monkeypatch):
    monkeypatch.setattr("cvcourse.grading.proxies.pair.ENDING", 1.0)
    pair.run(SERVER + "server.operations['done'] = lambda told: None", **TIMES)
    tested = pair.test("assert double(4) == 8", **TIMES)
    assert not tested.passed
    assert tested.tester.status == "ok"
    assert not pair.student.alive


def test_names_that_are_sent_count_as_the_answers_word_only(pair):
    """It says that the tester's own helper is something else, and that there is a name that nobody asked for."""
    pair.run(SERVER + "server._names = lambda names: {'check_close': print, 'double': double}", **TIMES)
    pair.run_given("from cvcourse.checks import check_close", **TIMES)
    own = {"check_close", "torch"}
    wrong = pair.test("import torch\ncheck_close(double(torch.ones(1)), torch.ones(1))", own=own, **TIMES)
    assert not wrong.passed
    assert "names that were not asked for" in str(wrong.tester)


def test_a_name_that_cannot_cross_is_missed_only_where_it_is_used(pair):
    pair.run(ANSWER + "In = []\nIn.append(In)\nendless = []\nendless.append(endless)", **TIMES)
    assert pair.test("assert double(4) == 8 and type(In) is list", **TIMES).passed  # the tester has an `In` of its own
    tested = pair.test("assert len(endless) == 1", **TIMES)
    assert not tested.passed
    assert "endless" in str(tested.tester)
