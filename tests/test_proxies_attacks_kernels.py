"""The attacks of `tests/attacks/verdicts/` in isolated kernels of which the student's is wholly the student's."""

import re
import time

import pytest

from tests.test_proxies_attacks import ALL, GIVEN, HONEST, TEST

pytestmark = pytest.mark.sandbox

NAMES = {attack.__name__.rpartition(".")[2]: attack for attack in ALL}
ON_THE_SHELL = [name for name, attack in NAMES.items() if getattr(attack, "KERNEL", False)]
TIMES = {"cpu_seconds": 10, "wall_seconds": 30}
WAITING = {"cpu_seconds": 2, "wall_seconds": 2}  # for an answer that never replies


def _pair(zygote):
    from cvcourse.grading.proxies.pair import Pair

    pair = Pair(zygote, seed="secret of the class")
    assert [outputs.status for outputs in pair.run_given(GIVEN, **TIMES)] == ["ok", "ok"]
    return pair


@pytest.mark.parametrize("name", NAMES)
def test_the_attack_gains_nothing(zygote, name):
    attack = NAMES[name]
    with _pair(zygote) as pair:
        pair.run(attack.CELL, **TIMES)
        started = time.monotonic()
        tested = pair.test(getattr(attack, "TEST", TEST), **(WAITING if hasattr(attack, "SECONDS") else TIMES))
        assert time.monotonic() - started < 10
        assert not tested.passed
        assert tested.tester.status == "error"
        assert re.search(getattr(attack, "KERNEL_MATCH", getattr(attack, "MATCH", "")), str(tested.tester))
        # The tester goes on, with a check that checks.
        assert pair.tester.run("assert 1 + 1 == 2", **TIMES).status == "ok"
        assert pair.tester.run("check_close(torch.zeros(1), torch.ones(1))", **TIMES).status == "error"


@pytest.mark.parametrize("name", ON_THE_SHELL)
def test_in_one_kernel_the_attack_passes(zygote, name):
    attack = NAMES[name]
    with zygote.spawn() as kernel:
        outcomes = [kernel.run(cell, **TIMES) for cell in (GIVEN, attack.CELL, getattr(attack, "TEST", TEST))]
        assert outcomes[-1].status == "ok", outcomes


@pytest.mark.parametrize("name", ON_THE_SHELL)
def test_an_honest_answer_passes(zygote, name):
    with _pair(zygote) as pair:
        pair.run(HONEST, **TIMES)
        tested = pair.test(getattr(NAMES[name], "TEST", TEST), **TIMES)
        assert tested.passed, tested
