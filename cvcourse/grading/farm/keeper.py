"""The one pre-warmed process of a worker: made when a submission needs it, made anew when it has died."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from cvcourse.grading.execute import Execute
from cvcourse.grading.isolation import KernelError

IDLE_SECONDS = 600.0


class Walled(Protocol):
    """What a keeper needs of `cvcourse.grading.walled.Walls`."""

    mode: str
    slow_because: str
    alive: bool
    run: Execute

    def close(self) -> None:
        """End all processes."""


class Keeper:
    """Shares walls between the threads of a worker.

    Where nothing used them for `idle` seconds they are closed: the client may have ended without a word.

    Args:
        make: opens the walls. May raise `IsolationError`.
        idle: seconds.
    """

    def __init__(self, make: Callable[[], Walled], idle: float = IDLE_SECONDS) -> None:
        self._make, self._idle = make, idle
        self._lock = threading.Lock()
        self._walls: Walled | None = None
        self._timer: threading.Timer | None = None
        self._users, self._closed = 0, False

    @contextlib.contextmanager
    def use(self) -> Iterator[Walled]:
        """Walls that are alive at this moment; see afterwards whether they still are.

        Raises:
            IsolationError: they cannot be built here.
            KernelError: the keeper is closed.
        """
        walls = self._take()
        try:
            yield walls
        finally:
            with self._lock:
                self._users -= 1
                if not self._users and not self._closed:
                    self._timer = threading.Timer(self._idle, self._close_idle)
                    self._timer.daemon = True
                    self._timer.start()

    def _take(self) -> Walled:
        with self._lock:
            if self._closed:
                raise KernelError("this run of the grader is over")
            self._stop_timer()
            if self._walls is not None and not self._walls.alive:
                self._close_walls()
            if self._walls is None:
                self._walls = self._make()
            self._users += 1
            return self._walls

    def _stop_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _close_walls(self) -> None:
        walls, self._walls = self._walls, None
        if walls is not None:
            walls.close()

    def _close_idle(self) -> None:
        with self._lock:
            if not self._users:
                self._close_walls()

    def close(self) -> None:
        """Close the walls, also under those who use them, and open no others."""
        with self._lock:
            self._closed = True
            self._stop_timer()
            self._close_walls()
