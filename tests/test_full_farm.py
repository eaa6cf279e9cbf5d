"""A class of a thousand while worker processes are killed: each graded once, with the points of a quiet run."""

import random
import threading
import time

import psutil
import pytest

from tests import farm_walls
from tests.farm_works import KINDS, open_farm, points, work, worker_processes
from tests.requirements import require

SUBMISSIONS = 1000
RESULTS_BETWEEN_KILLS = 80
ENDS_ITS_KERNEL = "import os\n\ndef double(x):\n    os._exit(1)"
COSTLY = ({"double": ENDS_ITS_KERNEL}, 5.0)  # each runs its cells twice


class Killer:
    """Kills one of the worker processes now and then, a moment after a result."""

    def __init__(self, between: int) -> None:
        self.between, self.choice = between, random.Random(0)
        self.kills = 0

    def after(self, results: int) -> None:
        """Called after each result."""
        if self.between and results % self.between == 0:
            threading.Timer(self.choice.random(), self.kill).start()

    def kill(self) -> None:
        """One of those that there are."""
        if workers := worker_processes(psutil.Process()):
            self.choice.choice(workers).kill()
            self.kills += 1


def submissions(count: int):
    """All kinds, one in twenty of which ends its kernel and one is no notebook."""
    for number in range(count):
        if number % 20 == 0:
            yield work(number, data=b"not a notebook")
        else:
            answers, _ = COSTLY if number % 20 == 1 else KINDS[number % len(KINDS)]
            yield work(number, **answers)


def all_points(farm, killer: Killer) -> dict[str, float | str]:
    """Points by student; nobody's come twice."""
    found = {}
    for one, result in farm.mark(submissions(SUBMISSIONS)):
        assert one.student not in found
        found[one.student] = points(result)
        killer.after(len(found))
    return found


@pytest.mark.full
@pytest.mark.sandbox
@pytest.mark.timeout(5400)
def test_a_thousand_submissions_under_a_killer_get_the_points_of_a_quiet_run():
    require("sandbox")
    killer = Killer(RESULTS_BETWEEN_KILLS)
    with open_farm(farm_walls.real_walls, workers=2, processes=2) as farm:
        began = time.monotonic()
        quiet = all_points(farm, Killer(0))
        middle = time.monotonic()
        disturbed = all_points(farm, killer)
        end = time.monotonic()
    quiet_seconds, seconds, kills = middle - began, end - middle, killer.kills
    print(f"quiet: {quiet_seconds:.0f} s; {kills} kills: {seconds:.0f} s, one kill in {seconds / max(kills, 1):.0f} s")
    assert len(quiet) == SUBMISSIONS
    assert set(quiet.values()) == {0.0, 5.0, 10.0}
    assert disturbed == quiet
    assert killer.kills >= SUBMISSIONS // RESULTS_BETWEEN_KILLS - 2
