"""Refusals and operator counts of a test hold in the answer's process, and what comes back can only take points."""

import contextlib

import pytest
import torch

from cvcourse.checks import check_raises
from cvcourse.grading.proxies.errors import CannotCrossError
from cvcourse.guard import (
    AUTOGRAD,
    CONVOLUTIONS,
    RefusedError,
    TooManyOperatorsError,
    count_operators,
    forbid,
    in_force,
)

ANSWER = """
import contextlib, dataclasses, os, subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor
import torch
import torch.nn.functional as F
from cvcourse.guard import CONVOLUTIONS, AUTOGRAD, count_operators, forbid

pool, children = ThreadPoolExecutor(1), []
pool.submit(int).result()

def convolve(x, w):
    return F.conv2d(x, w)

def swallow(x, w):
    try:
        return F.conv2d(x, w)
    except BaseException:
        return torch.zeros(1)

def swallow_and_raise(x, w):
    try:
        F.conv2d(x, w)
    except Exception:
        raise ValueError("x: another story") from None

def differentiate(x):
    try:
        return torch.autograd.grad((x ** 2).sum(), x)[0]
    except Exception:
        return 2 * x

def backward(x):
    (x ** 2).sum().backward()

def operators(count):
    x = torch.zeros(1)
    for _ in range(count):
        x = x + 1
    return x

def endless():
    x = torch.zeros(1)
    while True:
        x = x + 1

def stubborn():
    x = torch.zeros(1)
    for _ in range(200):
        try:
            x = x + 1
        except Exception:
            pass
    return x

def through(function, count):
    for _ in range(count):
        function()

def pad(x):
    return F.pad(x, (1, 1, 1, 1), mode="circular")

class Model(torch.nn.Module):
    def forward(self, x):
        return F.max_pool2d(x, 2)
    def __iter__(self):
        return iter([F.max_pool2d(torch.zeros(1, 1, 2, 2), 2)])
    @property
    def pooled(self):
        return F.max_pool2d(torch.zeros(1, 1, 2, 2), 2)

@dataclasses.dataclass
class Late:
    value: object
    @property
    def value(self):
        return F.max_pool2d(torch.zeros(1, 1, 2, 2), 2)
    @value.setter
    def value(self, given):
        pass

def late():
    return Late(None)

def in_a_thread(x, w):
    return pool.submit(F.conv2d, x, w).result()

def in_a_process(x, w):
    reader, writer = os.pipe()
    if not (child := os.fork()):
        os.write(writer, F.conv2d(x, w).numpy().tobytes())
        os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
    return torch.frombuffer(bytearray(os.read(reader, 1000)), dtype=torch.float32)

def by_a_program(x, w):
    subprocess.run([sys.executable, "-c", "1 + 1"], check=True)
    return torch.zeros(1)

def leave_a_process():
    children.append(subprocess.Popen(["sleep", "60"]))

def leave_an_ended_process():
    children.append(subprocess.Popen(["true"]))
    time.sleep(0.2)

def end_processes():
    for child in children:
        child.kill()
        child.wait()

def of_its_own():
    with count_operators(10**6) as counter, forbid(CONVOLUTIONS):
        torch.zeros(1) + 1
    return counter.count
"""


@pytest.fixture(scope="module")
def answer(students):
    return students.start(ANSWER)


X, W = torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 2, 2)


@pytest.mark.parametrize("name", ["convolve", "swallow", "swallow_and_raise"])
def test_a_refusal_comes_as_a_refusal(answer, name):
    expected = pytest.raises(RefusedError, match=r"conv2d is the reference of this exercise")
    with expected as caught, forbid(CONVOLUTIONS):
        getattr(answer, name)(X, W)
    assert type(caught.value) is RefusedError
    assert answer.convolve(X, W).shape == (1, 1, 2, 2)  # outside it is free


@pytest.mark.parametrize("name", ["convolve", "swallow", "swallow_and_raise"])
def test_a_test_that_expects_an_error_does_not_take_the_refusal_for_it(answer, name):
    with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
        check_raises(ValueError, ["x"], lambda: getattr(answer, name)(X, W))
    with pytest.raises(RefusedError), forbid(CONVOLUTIONS), contextlib.suppress(Exception):
        getattr(answer, name)(X, W)


@pytest.mark.parametrize("name", ["differentiate", "backward"])
def test_the_autograd_engine_is_refused_there_too(answer, name):
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RefusedError), forbid(AUTOGRAD):
        getattr(answer, name)(x)


def test_refusals_are_told_anew_after_a_question_that_could_not_be_sent(answer):
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
        answer.convolve(X, W)
    with pytest.raises(CannotCrossError), forbid(AUTOGRAD):
        answer.through(torch, 1)
    assert answer.differentiate(x).tolist() == [2.0, 2.0]
    for _ in range(2):
        with pytest.raises(RefusedError), forbid(AUTOGRAD):
            answer.differentiate(x)
        with forbid(AUTOGRAD):
            assert answer.convolve(X, W).shape == (1, 1, 2, 2)
        with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
            answer.convolve(X, W)


def test_everything_that_runs_code_of_the_answer_is_guarded(answer):
    model = answer.Model()
    image = torch.zeros(1, 1, 4, 4)
    for run in (lambda: model(image), lambda: model.pooled, lambda: list(model), lambda: model.forward(image)):
        run()
        with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
            run()


def test_what_is_computed_when_the_test_looks_is_guarded(answer):
    with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
        _ = answer.late().value


@pytest.mark.parametrize("name", ["in_a_thread", "in_a_process", "by_a_program"])
def test_other_threads_and_processes_are_no_way_round(answer, name):
    getattr(answer, name)(X, W)
    with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
        getattr(answer, name)(X, W)
    with pytest.raises((RefusedError, TooManyOperatorsError)), count_operators(limit=0):
        getattr(answer, name)(X, W)


def test_a_process_that_was_left_running_is_refused_an_ended_one_not(answer):
    answer.leave_an_ended_process()
    with forbid(CONVOLUTIONS):
        answer.operators(1)
    answer.leave_a_process()
    with pytest.raises(RefusedError, match="a process that the notebook has started"), forbid(CONVOLUTIONS):
        answer.operators(1)
    answer.end_processes()
    with forbid(CONVOLUTIONS):
        answer.operators(1)


def test_what_the_answer_guards_itself_is_its_own_affair(answer):
    with count_operators() as counter:
        assert answer.of_its_own() >= 2
    assert counter.count >= 2
    assert in_force() == ((), ())
    answer.convolve(X, W)


def test_counts_add_up_over_calls_and_here(answer):
    with count_operators() as one:
        value = torch.zeros(1)
        for _ in range(7):
            value = value + 1
    with count_operators(1000) as counter:
        answer.operators(7)
        answer.operators(7)
        torch.zeros(1)
    assert counter.count == 2 * one.count + 1


def test_the_bound_is_kept_while_the_answer_runs(answer):
    with pytest.raises(TooManyOperatorsError, match="more than 50 operators"), count_operators(50):
        answer.endless()
    with pytest.raises(TooManyOperatorsError), count_operators(50):
        answer.stubborn()
    with pytest.raises(TooManyOperatorsError), count_operators(50) as counter:
        answer.through(lambda: answer.operators(10), 10)
    assert 50 < counter.count < 80  # at once
    with pytest.raises(TooManyOperatorsError), count_operators(100), count_operators(20):
        answer.operators(50)


def test_functions_of_the_test_that_the_answer_calls_are_guarded_here_and_counted_once(answer):
    with count_operators() as counter:
        answer.through(lambda: torch.zeros(1), 5)
    assert counter.count == 5
    with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
        answer.through(lambda: torch.nn.functional.conv2d(X, W), 1)
    with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
        answer.through(lambda: answer.pad(X), 1)
    with pytest.raises(RefusedError), forbid(CONVOLUTIONS):
        answer.through(lambda: answer.convolve(X, W), 1)
    with count_operators() as counter:
        answer.through(lambda: answer.operators(7), 1)
    with count_operators() as alone:
        answer.operators(7)
    assert counter.count == alone.count


NUMBERS = {
    "negative": -1000,
    "true": True,
    "a float": 1e9,
    "not a number": float("nan"),
    "infinite": -float("inf"),
    "text": "-5",
    "a list": [-5],
    "nothing": None,
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_that_gives_nothing_takes_nothing_back(answer, kind):
    with count_operators(30) as counter:
        torch.zeros(1)
        answer.tester.after({"operators": NUMBERS[kind]})
        assert counter.count == 1


def test_a_huge_number_only_takes(answer):
    with pytest.raises(TooManyOperatorsError), count_operators(30):
        answer.tester.after({"operators": 10**5000})
