"""Ordinary tests of later units: right answers pass and wrong ones fail in two walled processes as they do in one."""

from collections.abc import Iterator

import pytest

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
