"""A notebook whose answers run in one isolated kernel and whose tests in another, with the proxies between them."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.sandbox

EXTENSION = "cvcourse.grading.proxies.kernels"
ANSWER = "import torch\ndef double(x):\n    return 2 * x\ndef wait_for_ever():\n    while True: pass"
TEST = """
import torch
from cvcourse.checks import check_close, generator, random_tensor
x = random_tensor(generator("t"), 3, 4).requires_grad_()
y = double(x)
check_close(y, 2 * x)
y.sum().backward()
check_close(x.grad, torch.full((3, 4), 2.0))
"""
TIMES = {"cpu_seconds": 20, "wall_seconds": 60}


@pytest.fixture
def pair(zygote) -> Iterator[SimpleNamespace]:
    """A student's and a tester's kernel that know each other."""
    ends = socket.socketpair()
    with ends[0], ends[1]:
        student = zygote.spawn(role="student", fds=[ends[0].fileno()], extension=EXTENSION)
        tester = zygote.spawn(role="tester", fds=[ends[1].fileno()], extension=EXTENSION)
    with student, tester:
        yield SimpleNamespace(student=student, tester=tester)


def run_test(pair: SimpleNamespace, cell: str, times: dict = TIMES):
    """The outputs of a test cell, and of the student's side meanwhile."""
    from cvcourse.grading.isolation import wait

    serving = pair.student.start_call("serve", **times)
    filled = wait(pair.tester.start_call("fill", cell, **times), serving, until="any")[0]
    assert filled is not None and filled.status == "ok", filled
    tested = wait(pair.tester.start(cell, **times), serving, until="any")[0]
    if tested is not None and pair.student.alive:
        wait(pair.tester.start_call("done", **times), serving)
    return tested


def test_right_answer(pair):
    assert pair.student.run(ANSWER, **TIMES).status == "ok"
    outputs = run_test(pair, TEST)
    assert outputs.status == "ok", outputs
    assert run_test(pair, "assert double(4) == 8").status == "ok"


def test_wrong_answer_and_no_answer(pair):
    pair.student.run(ANSWER.replace("2 * x", "3 * x"), **TIMES)
    outputs = run_test(pair, TEST)
    assert outputs.status == "error"
    assert "values are wrong" in str(outputs)
    outputs = run_test(pair, "assert halve(4) == 2")
    assert outputs.status == "error"
    assert "NameError" in str(outputs)


def test_the_answer_sees_the_next_cell(pair):
    pair.student.run("value = 1", **TIMES)
    assert run_test(pair, "assert value == 1").status == "ok"
    pair.student.run("value = 2", **TIMES)
    assert run_test(pair, "assert value == 2").status == "ok"


def test_output_of_the_answer_is_not_the_testers(pair):
    pair.student.run("def shout():\n    print('4 points')\n    return 1", **TIMES)
    outputs = run_test(pair, "assert shout() == 1")
    assert outputs.status == "ok"
    assert "4 points" not in str(outputs)
