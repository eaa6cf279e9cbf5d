"""No attack in `tests/attacks/verdicts/` passes its test, and the honest answer does."""

import importlib
import pkgutil
import re
from types import ModuleType, SimpleNamespace

import pytest

from tests.attacks import verdicts
from tests.proxy_students import Students

FOUND = pkgutil.iter_modules(verdicts.__path__)
ALL = [importlib.import_module(f"{verdicts.__name__}.{found.name}") for found in FOUND]
ATTACKS = [attack for attack in ALL if not getattr(attack, "KERNEL", False)]
NAMES = [attack.__name__.rpartition(".")[2] for attack in ATTACKS]
GIVEN = "import torch\nfrom cvcourse.checks import check_close, check_equal, generator, random_tensor\n"
TEST = """
rng = generator("usual")
x = random_tensor(rng, 3, 4)
check_close(scale(x), 2 * x, name="scale(x)")
"""
HONEST = "def scale(x, *_):\n    return [2 * part for part in x] if isinstance(x, list) else 2 * x\n"
HONEST += "class Number:\n    pass\n"


def verdict(students: Students, attack: ModuleType | SimpleNamespace) -> str:
    """What the test cell raises in the tester's process; empty where it passes."""
    from cvcourse.grading.proxies.cell_names import used_names
    from cvcourse.grading.proxies.names import StudentNames

    started = students.start(attack.CELL, getattr(attack, "SECONDS", 20.0), GIVEN, wanted=[])
    test = getattr(attack, "TEST", TEST)
    try:
        StudentNames(started.tester).fill(used_names(test))
        exec(compile(test, "<test>", "exec"), started.tester.namespace)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        started.tester.close()
    return ""


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_the_attack_gains_nothing(students, attack):
    failure = verdict(students, attack)
    assert failure
    assert re.search(getattr(attack, "MATCH", ""), failure), failure


IN_ONE = [attack for attack in ATTACKS if getattr(attack, "ONE", True)]


@pytest.mark.parametrize("attack", IN_ONE, ids=[NAMES[ATTACKS.index(attack)] for attack in IN_ONE])
def test_in_one_process_the_attack_passes(students, attack):
    assert students.in_one_process(GIVEN, attack.CELL, getattr(attack, "TEST", TEST)) == "passed"


# No right answer gives an object whose `is_right` a test could ask for.
TESTS = {getattr(attack, "TEST", TEST): attack.__name__.rpartition(".")[2] for attack in IN_ONE}
TESTS = {test: name for test, name in TESTS.items() if "is_right" not in test}


@pytest.mark.parametrize("test", TESTS, ids=TESTS.values())
def test_an_honest_answer_passes(students, test):
    assert verdict(students, SimpleNamespace(CELL=HONEST, TEST=test)) == ""


@pytest.mark.parametrize("attack", ALL, ids=[attack.__name__.rpartition(".")[2] for attack in ALL])
def test_each_attack_says_what_it_is(attack):
    lines = [line.split(":")[0] for line in (attack.__doc__ or "").splitlines()[2:] if ":" in line]
    assert lines[:3] == ["tries", "gains", "must"]
