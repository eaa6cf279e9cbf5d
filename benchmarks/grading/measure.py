"""Wall and CPU seconds of a command with everything that it starts, also what it leaves behind."""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import psutil

_SET_CHILD_SUBREAPER = 36
SETTLE_SECONDS = 1.0
"""In which a command's processes may end after it; what is there then was left behind."""
LEFT_BEHIND_SECONDS = 20.0
"""For which the end of those is waited for."""


class Cost(NamedTuple):
    """Seconds that something took."""

    wall: float
    cpu: float


class Finished(NamedTuple):
    """A command that has ended: its exit code, what it printed, its cost, and command lines that it left running."""

    code: int
    text: str
    cost: Cost
    left: list[str]


def adopt() -> None:
    """Become the parent of every process below this one whose parent ends, so that its CPU seconds are counted."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(command: list[str], *, cwd: Path, env: dict[str, str], seconds: float, linger: float = 0.0) -> Finished:
    """Run a command to its end. `adopt` must have been called.

    Its CPU seconds are those of all processes below this one that ended meanwhile; so one command at a time.

    Args:
        command: program and arguments.
        cwd: its working folder.
        env: its environment, whole.
        seconds: it is killed after so many.
        linger: how long what it left behind may go on before it is killed.
    """
    before, began = _children(), time.perf_counter()
    log = cwd / f".log-{time.monotonic_ns()}"
    with log.open("w+b") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        wall = time.perf_counter() - began
        left = _reap(linger)
        output.seek(0)
        text = output.read(2_000_000).decode("utf-8", "replace")
    log.unlink()
    return Finished(code, text, Cost(wall, _children() - before), left)


def _children() -> float:
    """CPU seconds of all children that ended, with their own children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reap(linger: float) -> list[str]:
    """Wait for what is left below this process, end it, and tell what it was."""
    _collect(time.monotonic() + SETTLE_SECONDS)
    left = [_describe(process) for process in psutil.Process().children(recursive=True)]
    _collect(time.monotonic() + linger)
    deadline = time.monotonic() + LEFT_BEHIND_SECONDS
    while (alive := psutil.Process().children(recursive=True)) and time.monotonic() < deadline:
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        _collect(time.monotonic() + 0.2)
    return left


def _collect(deadline: float) -> None:
    """Take the exit codes of ended children, so that their seconds are counted, until there are none or time is up."""
    while time.monotonic() < deadline:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            time.sleep(0.02)


def _describe(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())[:200] or process.name()
    return "?"


def busy() -> float:
    """CPU seconds that the whole machine has worked so far (Linux): the check on what `run` counts."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    idle = int(fields[3]) + int(fields[4])
    return (sum(map(int, fields)) - idle) / os.sysconf("SC_CLK_TCK")
