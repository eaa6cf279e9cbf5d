"""A class of a thousand while worker processes are killed: each graded once, with the points of a quiet run."""

import random
import threading
import time

import psutil
import pytest

from tests import farm_walls
from tests.farm_works import KINDS, open_farm, points, until, work, worker_processes
from tests.requirements import require

SUBMISSIONS = 1000
SECONDS_BETWEEN_KILLS = 30.0
ENDS_ITS_KERNEL = "import os\n\ndef double(x):\n    os._exit(1)"
COSTLY = ({"double": ENDS_ITS_KERNEL}, 5.0)  # each runs its cells twice


class Killer(threading.Thread):
    """Kills one of the worker processes now and then."""

    def __init__(self, seconds: float) -> None:
        super().__init__(daemon=True)
        self.seconds, self.kills, self.over = seconds, 0, threading.Event()

    def run(self) -> None:
        choice = random.Random(0)
        while not self.over.wait(self.seconds):
            if workers := worker_processes(psutil.Process()):
                choice.choice(workers).kill()
                self.kills += 1


def submissions(count: int):
    """All kinds, one in twenty of which ends its kernel and one is no notebook."""
    for number in range(count):
        if number % 20 == 0:
            yield work(number, data=b"not a notebook")
        else:
            answers, _ = COSTLY if number % 20 == 1 else KINDS[number % len(KINDS)]
            yield work(number, **answers)


def all_points(farm, count: int) -> dict[str, float | str]:
    """Points by student; nobody's come twice."""
    found = {}
    for one, result in farm.mark(submissions(count)):
        assert one.student not in found
        found[one.student] = points(result)
    return found


@pytest.mark.full
@pytest.mark.sandbox
@pytest.mark.timeout(3600)
def test_a_thousand_submissions_under_a_killer_get_the_points_of_a_quiet_run():
    require("sandbox")
    with open_farm(farm_walls.real_walls, workers=2, processes=2) as farm:
        began = time.monotonic()
        quiet = all_points(farm, SUBMISSIONS)
        seconds = time.monotonic() - began
        killer = Killer(SECONDS_BETWEEN_KILLS)
        killer.start()
        disturbed = all_points(farm, SUBMISSIONS)
        killer.over.set()
        killer.join()
        until(lambda: len(farm._client.nthreads()) == 2)
    print(f"quiet: {seconds:.0f} s; disturbed: {time.monotonic() - began - seconds:.0f} s, {killer.kills} kills")
    assert len(quiet) == SUBMISSIONS
    assert set(quiet.values()) == {0.0, 5.0, 10.0}
    assert disturbed == quiet
    assert killer.kills >= 3
