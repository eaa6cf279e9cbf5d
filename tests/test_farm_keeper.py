"""Who keeps a worker's walls: made once for all threads, anew when they have died, closed when nobody needs them."""

import threading
import time

import pytest

from cvcourse.grading.farm.keeper import Keeper
from cvcourse.grading.farm.local import share
from cvcourse.grading.isolation import IsolationError, KernelError
from tests.farm_works import until


class Walls:
    mode, slow_because, run = "warm", "", None

    def __init__(self):
        time.sleep(0.05)
        self.alive, self.closed = True, False

    def close(self):
        self.alive, self.closed = False, True


def test_all_threads_share_one_and_a_dead_one_is_replaced():
    keeper, seen = Keeper(Walls), []

    def use():
        with keeper.use() as walls:
            seen.append(walls)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1
    seen[0].alive = False
    use()
    assert seen[-1] is not seen[0]
    assert seen[0].closed
    keeper.close()


def test_idle_walls_are_closed_and_used_ones_are_not():
    keeper = Keeper(Walls, idle=0.1)
    with keeper.use() as first:
        pass
    with keeper.use() as again:
        time.sleep(0.3)
        assert again is first
        assert not first.closed
    until(lambda: first.closed, 5)
    with keeper.use() as second:
        assert second is not first
    keeper.close()


def test_what_is_closed_opens_nothing_again():
    keeper = Keeper(Walls)
    with keeper.use() as walls:
        keeper.close()
        assert walls.closed
    with pytest.raises(KernelError, match="over"), keeper.use():
        raise AssertionError("it must not open")


def test_walls_that_cannot_be_built_are_tried_again_by_the_next():
    outcomes = [IsolationError("no"), Walls()]

    def make():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    keeper = Keeper(make)
    with pytest.raises(IsolationError), keeper.use():
        raise AssertionError("it must not open")
    with keeper.use() as walls:
        assert walls.alive
    keeper.close()
    assert walls.closed


@pytest.mark.parametrize(("threads", "processes", "shares"), [(5, 2, (3, 2)), (1, 4, (1,)), (4, 4, (1, 1, 1, 1))])
def test_threads_are_shared_over_processes(threads, processes, shares):
    assert share(threads, processes) == shares
