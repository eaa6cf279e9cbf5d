"""Submissions of the tiny course for the tests of the farm, and what belongs to them."""

import contextlib
import time

import psutil

from cvcourse.grading.assignment import Assignment
from cvcourse.grading.execute import Limits
from cvcourse.grading.farm import Farm, Work
from cvcourse.grading.marking import Marked
from tests import tiny_course as tiny

SEED = "123456"
SLOW = "def double(x):\n    # slow\n    return 2 * x"
WRONG = "def shift(x):\n    return BASE - x"
KINDS = (
    ({}, 10.0),
    ({"shift": WRONG}, 5.0),
    ({"double": None, "shift": None}, 0.0),
    ({"double": "def double(x):\n    raise ValueError('no')"}, 5.0),
)
"""Answers, and the points that they get."""


def assignment() -> Assignment:
    """The tiny course's."""
    return Assignment(tiny.UNIT, tiny.solved(), tiny.STUBS, "tiny")


def open_farm(walls, **options) -> Farm:
    """A farm for it."""
    return Farm(assignment(), SEED, Limits(cell=5, notebook=60), walls=walls, **options)


def work(number: int, name: str = "s", data: bytes | None = None, **answers: str | None) -> Work:
    """One student's submission."""
    return Work(f"key-{name}{number}", f"{name}{number}", data or tiny.as_bytes(tiny.handed_in(**answers)))


def mixed(count: int, name: str = "s") -> dict[Work, float]:
    """Submissions of all kinds with the points that they should get."""
    return {work(n, name, **KINDS[n % len(KINDS)][0]): KINDS[n % len(KINDS)][1] for n in range(count)}


def points(result: Marked | str) -> float | str:
    """All points of a result; a reason stays what it is."""
    return result if isinstance(result, str) else sum(one.points for one in result.verdicts)


def worker_processes(caller: psutil.Process) -> list[psutil.Process]:
    """The worker processes of the farms of a process."""
    found = []
    for process in caller.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
    return found


def gone(processes: list[psutil.Process], seconds: float) -> bool:
    """Whether all of them have ended in time; whoever adopts orphans may take longer to bury them."""

    def ended(process: psutil.Process) -> bool:
        try:
            return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    end = time.monotonic() + seconds
    while not all(ended(process) for process in processes):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def until(condition, seconds: float = 60.0):
    """Wait for a condition and return what it gave."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
    return value
