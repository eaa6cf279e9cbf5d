"""Processes that an answer has started: what they call is neither refused nor counted, so there may be none."""

import os
import resource
import signal
from pathlib import Path
from typing import Any

from cvcourse.guard import RefusedError

_LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT
_ENDED = ("Z", "X")


class Children:
    """Looks for them around each guarded call; between two that follow each other only once."""

    def __init__(self) -> None:
        self._used: resource.struct_rusage | None = None

    def begin(self, seen: dict[str, Any]) -> None:
        """Before a guarded call. `seen["refused"]` is set where it is refused, whatever else the answer raises.

        Raises:
            RefusedError: one runs.
        """
        if self._used is not None:
            return
        if _any_lives():
            _refuse(seen)
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # else nobody notes what a child has used
        self._used = resource.getrusage(resource.RUSAGE_CHILDREN)

    def end(self, seen: dict[str, Any]) -> None:
        """After it.

        Raises:
            RefusedError: one runs, or was started and waited for since.
        """
        used, self._used = self._used, resource.getrusage(resource.RUSAGE_CHILDREN)
        if used != self._used or _any_lives():
            self.forget()
            _refuse(seen)

    def forget(self) -> None:
        """Something else may have run."""
        self._used = None


def _refuse(seen: dict[str, Any]) -> None:
    error = RefusedError(
        "a process that the notebook has started: what it calls cannot be seen\n"
        "  hint      let the function do all its work itself, and end what you have started elsewhere"
    )
    seen.setdefault("refused", str(error))
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
