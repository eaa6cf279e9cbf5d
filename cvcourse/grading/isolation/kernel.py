"""One kernel as the worker has it: start something in it, know what it uses, end it."""

import contextlib
import os
import select
import signal
import socket
import threading
import weakref
from collections.abc import Callable
from typing import Any

from cvcourse.grading.isolation.errors import KernelError
from cvcourse.grading.isolation.limits import Limits
from cvcourse.grading.isolation.outputs import Displays, Outputs, Status
from cvcourse.grading.isolation.running import Running, wait
from cvcourse.grading.isolation.tree import Tree


class Kernel:
    """A verified kernel; made by `Zygote.spawn`. A context manager: leaving it ends the kernel.

    `control` is the socket to it, `files` the two that its descriptors 1 and 2 lead to, `shared_kb` what it shares
    with the zygote at most, `on_end` is called once, after its end.
    """

    def __init__(
        self,
        *,
        role: str,
        pid: int,
        pidfd: int,
        control: socket.socket,
        files: dict[str, int],
        tree: Tree,
        limits: Limits,
        warm: bool,
        shared_kb: int,
        on_end: Callable[["Kernel"], None],
    ) -> None:
        self.role, self.pid, self.pidfd, self.limits, self.warm = role, pid, pidfd, limits, warm
        self.control, self.files, self.tree, self.shared_kb = control, files, tree, shared_kb
        self.control.setblocking(False)
        self.lock = threading.RLock()
        self.running: Running | None = None
        self.ended: tuple[Status, str] | None = None
        self.displays: Displays = {}
        self.cpu_seen = 0.0
        self.looks, self.next_exact_look = 0, 0.0
        self._on_end = on_end
        self._finalizer = weakref.finalize(self, _let_go, pidfd, control, tree, files)

    @property
    def alive(self) -> bool:
        """Whether it can still be used. An end that nobody asked for is noticed by the next run."""
        return self.ended is None

    def run(self, source: str, *, cpu_seconds: float, wall_seconds: float) -> Outputs:
        """Run a cell and wait for its outputs. Raises `KernelError` when the kernel is gone or busy."""
        return wait(self.start(source, cpu_seconds=cpu_seconds, wall_seconds=wall_seconds))[0]

    def call(self, name: str, argument: Any = None, *, cpu_seconds: float, wall_seconds: float) -> Outputs:
        """Call a handler of the extension and wait for its value. `argument` is JSON. Raises as `run`."""
        return wait(self.start_call(name, argument, cpu_seconds=cpu_seconds, wall_seconds=wall_seconds))[0]

    def start(
        self,
        source: str,
        *,
        cpu_seconds: float,
        wall_seconds: float,
        between: tuple[tuple[str, Any], tuple[str, Any]] | None = None,
    ) -> Running:
        """Start a cell; `wait` gives its outputs. Raises as `run`.

        `between` names two handlers of the extension with their arguments, one to be called before the cell and one
        after it; an error of the first is the cell's. The outputs' value tells whether the second came to its end.
        """
        return self._start({"do": "run", "source": source, "between": between}, cpu_seconds, wall_seconds)

    def start_call(self, name: str, argument: Any = None, *, cpu_seconds: float, wall_seconds: float) -> Running:
        """Start a handler of the extension; `wait` gives its outputs. Raises as `run`."""
        return self._start({"do": "call", "name": name, "argument": argument}, cpu_seconds, wall_seconds)

    def set_environment(self, variables: dict[str, str]) -> None:
        """Environment variables for this kernel alone."""
        message = {"do": "environment", "variables": variables}
        outputs = wait(self._start(message, cpu_seconds=10, wall_seconds=20))[0]
        if outputs.status != "ok":
            raise KernelError(f"a kernel did not take its environment: {outputs.status} {outputs.reason}")

    def _start(self, message: dict, cpu_seconds: float, wall_seconds: float) -> Running:
        with self.lock:
            if self.ended is not None:
                status, reason = self.ended
                raise KernelError(f"this kernel is gone ({status}: {reason}): spawn another")
            if self.running is not None:
                raise KernelError("this kernel is busy: wait for what runs before starting more")
            self.running = Running(self, message, cpu_seconds, wall_seconds)
            return self.running

    def cpu_seconds(self) -> float:
        """CPU seconds of all its processes so far; after its end what was seen last."""
        with self.lock:
            if self.alive:
                # The kernel may have ended by itself: its /proc is empty then.
                with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                    self.cpu_seen = max(self.cpu_seen, self.tree.cpu_seconds())
            return self.cpu_seen

    def has_exited(self, within: float = 0.0) -> bool:
        """Whether its first process has ended, and with it all others; waits for that so many seconds."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(1000 * within))

    def is_active(self) -> bool:
        """Whether, between two runs, a thread or a process goes on that a cell has left behind, or it is ending."""
        with self.lock:
            try:
                return self.alive and not self.has_exited() and self.tree.threads() != 1
            except OSError:  # it has just ended
                return False

    def private_mb(self) -> float:
        """MiB of memory that it has for itself alone (Private_Dirty), all its processes together."""
        return self.tree.private_kb() / 1024

    def end(self, status: Status, reason: str) -> None:
        """Kill it and remember why; the first reason stays."""
        with self.lock:
            if self.ended is None:
                self.ended = (status, reason)
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def kill(self) -> None:
        """End it and return when none of its processes is left."""
        self.end("died", "the kernel was ended by the grader")
        with self.lock:
            if self._finalizer.detach() is not None:
                _let_go(self.pidfd, self.control, self.tree, self.files)
                self._on_end(self)

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def _let_go(pidfd: int, control: socket.socket, tree: Tree, files: dict[str, int]) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    # The first process of a namespace ends after all others of it: then nothing is left.
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    poll.poll(10_000)
    control.close()
    tree.close()
    for descriptor in (pidfd, *files.values()):
        os.close(descriptor)
