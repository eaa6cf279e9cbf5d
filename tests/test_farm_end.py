"""The end of the calling process is the end of all that it started, however it comes; and what kernels are behind it.

Here the walls are real.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests import farm_walls
from tests.farm_works import gone, mixed, open_farm, points, until, work, worker_processes
from tests.requirements import require

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def start(tmp_path) -> Iterator:
    """Starts a script that grades behind such walls; it is in the middle of it."""
    with contextlib.ExitStack() as undo:

        def start(walls: str) -> subprocess.Popen:
            search = f"{ROOT}:{os.environ['PYTHONPATH']}"
            caller = undo.enter_context(
                subprocess.Popen(
                    [sys.executable, str(ROOT / "tests" / "farm_caller.py"), walls],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=os.environ | {"PYTHONPATH": search, "TMPDIR": str(tmp_path)},
                )
            )
            undo.callback(caller.kill)
            assert caller.stdout.readline() == "open\n"
            assert caller.stdout.readline() == "s0\n"
            return caller

        yield start


@pytest.mark.parametrize(
    ("walls", "number", "processes", "last_words"),
    [
        # nanny, helper, worker; bubblewrap, the zygote, and two kernels for each of two submissions
        pytest.param("real_walls", signal.SIGKILL, 3 + 2 + 4, [], marks=pytest.mark.sandbox),
        ("Walls", signal.SIGINT, 3, ["KeyboardInterrupt"]),
    ],
)
def test_nothing_outlives_the_caller(start, tmp_path, walls, number, processes, last_words):
    if walls == "real_walls":
        require("sandbox")
    caller = start(walls)
    below = until(
        lambda: [*found] if len(found := psutil.Process(caller.pid).children(recursive=True)) >= processes else 0
    )
    shared = {path for one in below for path in semaphores(one)}
    assert shared
    assert list(tmp_path.iterdir())
    caller.send_signal(number)
    assert gone(below, 30)  # a connection that is cut at the wrong moment is waited for
    assert caller.wait(10) == -number
    errors = caller.stderr.read().strip().splitlines()
    assert errors[-1:] == last_words
    assert not [line for line in errors if line.startswith(("distributed", "20"))]  # Dask's log
    until(lambda: not list(tmp_path.iterdir()), 3)
    until(lambda: not [path for path in shared if path.exists()], 3)


def semaphores(process: psutil.Process) -> list[Path]:
    """Files that `multiprocessing` made for it to share."""
    with contextlib.suppress(psutil.Error, OSError):
        words = Path(f"/proc/{process.pid}/maps").read_text().split()
        return [Path(word) for word in words if word.startswith("/dev/shm/")]
    return []


@pytest.mark.sandbox
def test_a_dead_zygote_costs_nobody_a_point_and_a_worker_has_no_torch():
    require("sandbox")
    slow = "import time\ntime.sleep(0.5)\n\ndef double(x):\n    return 2 * x"
    works = {work(n, double=slow): 10.0 for n in range(6)} | mixed(6, "other")
    with open_farm(farm_walls.real_walls, workers=2) as farm:
        [worker] = worker_processes(psutil.Process())
        before = zygotes(worker)
        timer = threading.Timer(0.8, lambda: [one.kill() for one in before])
        timer.start()
        found = {one.student: points(result) for one, result in farm.mark(works)}
        assert not timer.is_alive()
        assert zygotes(worker)
        assert not set(zygotes(worker)) & set(before)
        assert worker.is_running()
        assert list(farm._client.run(lambda: "torch" in sys.modules).values()) == [False]
    assert found == {one.student: value for one, value in works.items()}


def zygotes(worker: psutil.Process) -> list[psutil.Process]:
    """The pre-warmed process: what bubblewrap, the worker's child, has started."""
    return [below for child in worker.children() for below in child.children()]
