"""Ordinary tests of later units: right answers pass and wrong ones fail in two walled processes as they do in one."""

import re
from collections.abc import Iterator

import pytest

from cvcourse.grading import marking
from tests.author_cases import Case, architectures, denoising, detection, faces, segmentation, tools

pytestmark = pytest.mark.sandbox
CASES = {}
for unit in (architectures, detection, segmentation, denoising, faces, tools):
    CASES |= unit.CASES
IMPORTS = """
import copy, math
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
"""
TIMES = {"cpu_seconds": 20, "wall_seconds": 120}


@pytest.fixture
def pair(zygote) -> Iterator:
    """A student's and a tester's kernel that have the imports."""
    from cvcourse.grading.proxies.pair import Pair

    with Pair(zygote, seed="a seed") as started:
        assert [one.status for one in started.run_given(IMPORTS, **TIMES)] == ["ok", "ok"]
        yield started


def in_two(pair, case: Case, answer: str) -> str:
    """Empty where the test passes, else its error."""
    assert pair.run(answer, **TIMES).status == "ok"
    tested = pair.test(case.test, **TIMES)
    return "" if tested.passed else f"{tested.tester.ename}: {tested.tester.evalue}"


def in_one(kernel, case: Case, answer: str) -> str:
    """The same in one process."""
    assert kernel.run(answer, **TIMES).status == "ok"
    tested = kernel.run(case.test, **TIMES)
    return "" if tested.status == "ok" else f"{tested.ename}: {tested.evalue}"


@pytest.mark.parametrize("name", CASES)
def test_verdicts_are_those_of_one_process(pair, zygote, name):
    case = CASES[name]
    assert [one.status for one in pair.run_given(case.given, **TIMES)] == ["ok", "ok"]
    with zygote.spawn() as kernel:
        kernel.run(IMPORTS + case.given, **TIMES)
        assert in_one(kernel, case, case.right) == ""
        assert in_two(pair, case, case.right) == ""
        for answer in case.wrong():
            assert in_one(kernel, case, answer) != "", answer
            assert in_two(pair, case, answer) != "", answer


BAG = """
class Bag:
    def __init__(self, items):
        self.items = items
    def __len__(self):
        return len(self.items)
    def __contains__(self, item):
        return item in self.items
def square(x):
    return x * x
def save(file):
    file.write(b"abc")
def draw(rng):
    return rng.random()
class Warmup:
    def __init__(self, optimiser):
        self.rates = [group["lr"] for group in optimiser.param_groups]
def helper(items):
    return items[7]
def fails(items):
    return helper(items)
"""
REFUSED = {
    "length": ("assert len(Bag([1, 2])) == 2", "an object of its own .<Bag of the answer>.*plain value is expected"),
    "containment": ("assert 1 in Bag([1, 2])", "an object of its own"),
    "derived class": ("class More(Bag):\n    pass", "a test cannot derive a class from <class Bag of the answer>"),
    "torch.func": ("torch.func.vmap(square)(torch.ones(3))", "transform of torch.func"),
    "file": ("import io\nsave(io.BytesIO())", "the test's BytesIO cannot be handed to an answer.*'write'"),
    "numpy's generator": (
        "draw(np.random.default_rng(0))",
        "the test's Generator cannot be handed to an answer.*'random'",
    ),
    "optimiser": (
        "Warmup(torch.optim.SGD([torch.ones(1, requires_grad=True)], 1.0))",
        "the test's SGD .*'param_groups'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_cross_says_so_to_the_author(pair, name):
    test, why = REFUSED[name]
    pair.run(BAG, **TIMES)
    tested = pair.test(test, **TIMES)
    assert tested.tester.ename in marking._REFUSED
    assert re.search(why, tested.tester.evalue, re.S)


def test_a_failed_test_shows_the_lines_of_the_answer(pair):
    pair.run(BAG, **TIMES)
    shown = pair.test("fails([1])", **TIMES).student.text
    assert re.search(r"in fails:  return helper\(items\)\n.*line \d+, in helper:  return items\[7\]", shown)
    shown = pair.test("with pytest.raises(IndexError):\n    fails([1])\nassert square(2) == 5", **TIMES).student.text
    assert shown == ""


def test_an_answer_swallows_no_failed_assertion(pair):
    pair.run(
        "class Quiet:\n"
        "    def __enter__(self):\n        return 1\n"
        "    def __exit__(self, kind, error, trace):\n        print(kind, error)\n        return True",
        **TIMES,
    )
    tested = pair.test("with Quiet():\n    assert False, 'a secret'", **TIMES)
    assert not tested.passed
    assert "AssertionError" in tested.student.text
    assert "secret" not in tested.student.text
