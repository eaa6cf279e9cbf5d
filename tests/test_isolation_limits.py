"""What a kernel uses is counted over all its processes, and what cannot be counted ends it. See also the attacks."""

import time

import pytest

from cvcourse.grading.isolation import IsolationWarning, KernelError, Limits, Zygote
from cvcourse.grading.isolation.process import WarmProcess
from tests.requirements import require

pytestmark = pytest.mark.sandbox
LIMITS = {"cpu_seconds": 20.0, "wall_seconds": 80.0}


def test_cpu_seconds_include_children_that_have_ended(zygote) -> None:
    busy = """
import os, time
def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
if os.fork() == 0:
    work(0.3)
    os._exit(0)
os.wait()
work(0.3)
"""
    with zygote.spawn() as kernel:
        outputs = kernel.run(busy, **LIMITS)
        assert outputs.status == "ok" and 0.55 < outputs.cpu_seconds < 1.5
        assert kernel.run("1", **LIMITS).cpu_seconds < 0.3


def test_a_kernel_has_cpu_seconds_for_its_whole_life(zygote) -> None:
    cell = "import time\nend = time.process_time() + 0.6\nwhile time.process_time() < end: pass"
    with zygote.spawn(limits=Limits(cpu_seconds=1)) as kernel:
        assert kernel.run(cell, **LIMITS).status == "ok"
        outputs = kernel.run(cell + "\nwhile True: pass", **LIMITS)
    assert outputs.status == "timeout" and "all cells together" in outputs.reason


def test_what_was_shown_before_a_limit_is_kept(zygote) -> None:
    with zygote.spawn() as kernel:
        cell = "import os, time\nprint('first', flush=True)\nos.system('echo second')\ntime.sleep(60)"
        outputs = kernel.run(cell, cpu_seconds=20, wall_seconds=1)
    assert outputs.status == "timeout" and "second" in outputs.text


def test_memory_that_is_given_back_is_not_counted(zygote) -> None:
    with zygote.spawn(limits=Limits(memory_mb=200)) as kernel:
        for _ in range(4):
            assert kernel.run("x = bytearray(b'x') * (120 << 20); del x", **LIMITS).status == "ok"
        assert kernel.private_mb() < 60


def test_children_that_share_memory_are_no_offence(zygote) -> None:
    """Eight children of a process with 100 MB: each page once, so 100 MB and not 900."""
    cell = """
import os, time
shared = bytearray(os.urandom(1 << 20)) * 100
for _ in range(8):
    if os.fork() == 0:
        time.sleep(1.5)
        os._exit(0)
for _ in range(8):
    os.wait()
"""
    with zygote.spawn(limits=Limits(memory_mb=300)) as kernel:  # each child has page tables and a few pages of its own
        assert kernel.run(cell, **LIMITS).status == "ok"


@pytest.mark.parametrize("what", ["memory", "cpu_seconds"])
def test_a_kernel_that_cannot_be_watched_is_ended(zygote, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("not for you")

    with zygote.spawn() as kernel:
        running = kernel.start("import time; time.sleep(60)", **LIMITS)
        monkeypatch.setattr(kernel.tree, what, refuse)
        deadline = time.monotonic() + 20
        while kernel.alive:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert running.kernel.ended is not None and "could not be watched (not for you)" in running.kernel.ended[1]


def test_background_work_of_an_idle_kernel_is_watched_too(zygote) -> None:
    hog = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        time.sleep(0.3)
        kept = bytearray(os.urandom(1 << 20)) * 100
        time.sleep(60)
"""
    with zygote.spawn(limits=Limits(memory_mb=200)) as kernel:
        assert kernel.run(hog, **LIMITS).status == "ok"
        deadline = time.monotonic() + 30
        while kernel.alive:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert kernel.ended is not None and kernel.ended[0] == "memory"


def test_where_only_bubblewrap_works_kernels_start_cold_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    require("sandbox")
    fork = WarmProcess.fork

    def refuse_warm(self: WarmProcess, *arguments: object):
        if self.warm:
            raise KernelError("no kernel could be started: clone into new namespaces: Operation not permitted")
        return fork(self, *arguments)

    monkeypatch.setattr(WarmProcess, "fork", refuse_warm)
    with pytest.warns(IsolationWarning, match="starts cold.*clone into new namespaces"):
        zygote = Zygote(preload=[])
    with zygote:
        assert zygote.mode == "cold" and "clone" in zygote.slow_because
        with zygote.spawn() as kernel:
            assert kernel.run("print(5)", **LIMITS).text == "5\n"
