"""Processes that an answer has started: what they call is neither refused nor counted, so there may be none."""

import os
import resource
import signal
from pathlib import Path
from typing import Any

from cvcourse.guard import RefusedError

_LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT
_ENDED = ("Z", "X")


class NoChildren:
    """In the block no process that this one started may run.

    A class, as it belongs to each call that is guarded: a generator takes twice as long.

    Args:
        seen: "refused" is put into it, which counts whatever else the answer raises.

    Raises:
        RefusedError: one runs at the beginning or at the end, or was started and waited for between.
    """

    def __init__(self, seen: dict[str, Any]) -> None:
        self._seen = seen

    def __enter__(self) -> None:
        if _any_lives():
            self._refuse()
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # else nobody notes what a child has used
        self._used = resource.getrusage(resource.RUSAGE_CHILDREN)

    def __exit__(self, *_: object) -> None:
        if resource.getrusage(resource.RUSAGE_CHILDREN) != self._used or _any_lives():
            self._refuse()

    def _refuse(self) -> None:
        error = RefusedError(
            "a process that the notebook has started: what it calls cannot be seen\n"
            "  hint      let the function do all its work itself, and end what you have started elsewhere"
        )
        self._seen.setdefault("refused", str(error))
        raise error


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
