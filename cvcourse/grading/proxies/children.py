"""Processes that an answer has started: what they call is neither refused nor counted, so there may be none."""

import contextlib
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

from cvcourse.guard import RefusedError

_LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT
_ENDED = ("Z", "X")


@contextlib.contextmanager
def no_children() -> Iterator[None]:
    """In the block no process that this one started may run.

    Raises:
        RefusedError: one runs at the beginning or at the end, or was started and waited for between.
    """
    _refuse_if(_any_lives())
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # else nobody notes what a child has used
    before = _of_those_waited_for()
    try:
        yield
    finally:
        _refuse_if(_of_those_waited_for() != before or _any_lives())


def _refuse_if(met: bool) -> None:
    if met:
        raise RefusedError(
            "a process that the notebook has started: what it calls cannot be seen\n"
            "  hint      let the function do all its work itself, and end what you have started elsewhere"
        )


def _of_those_waited_for() -> tuple[int, float, float]:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_minflt, used.ru_utime, used.ru_stime


def _any_lives() -> bool:
    try:
        os.waitid(os.P_ALL, 0, _LOOK)
    except ChildProcessError:
        return False
    return any(_is_living_child(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _is_living_child(entry: Path) -> bool:
    try:
        state, parent = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
    except OSError:  # it has ended
        return False
    return int(parent) == os.getpid() and state not in _ENDED
