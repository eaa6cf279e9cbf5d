"""What runs in a kernel now, and waiting for it: reading what it sends, for several kernels at a time."""

import math
import os
import secrets
import select
import time
from typing import TYPE_CHECKING, Literal

from cvcourse.grading.isolation.outputs import OutputBuilder, Outputs, clean
from cvcourse.grading.isolation.wire import Frames, WireError, pack

if TYPE_CHECKING:
    from cvcourse.grading.isolation.kernel import Kernel

_PIECE = 1 << 16  # what is larger would be mapped anew for each piece
_LOOK_SECONDS = 1.0


class Running:
    """One run of a kernel, from `Kernel.start` to its `Outputs`. Only `wait` moves it on."""

    def __init__(self, kernel: "Kernel", message: dict, cpu_seconds: float, wall_seconds: float) -> None:
        self.kernel = kernel
        self.outputs: Outputs | None = None
        self.cpu_limit, self.wall_limit = cpu_seconds, wall_seconds
        # What something left behind has used since the last look counts for what runs now.
        self.cpu_before = kernel.cpu_seen or kernel.cpu_seconds()
        self.began = time.monotonic()
        self.deadline = self.began + wall_seconds
        # What was sent ahead of a run is no answer to it: every answer must carry the name of its run.
        self._name = secrets.token_hex(8)
        self._unsent = memoryview(pack(message | {"name of run": self._name}))
        limits = kernel.limits
        # JSON writes a character as six at most; a batch of the kernel is far smaller than all that it may show.
        self._frames = Frames(longest=(limits.output_kb << 10) * 8 + (1 << 20))
        self._builder = OutputBuilder((limits.output_kb << 10) * 2, kernel.displays)
        self._received = 0
        self._read = {"stdout": 0, "stderr": 0}

    @property
    def wants_to_send(self) -> bool:
        return bool(self._unsent)

    def send(self) -> None:
        """Send what the socket takes now: a kernel that does not read must not hold the worker."""
        try:
            sent = self.kernel.control.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            self.finish_gone()
            return
        self._unsent = self._unsent[sent:]

    def receive(self) -> None:
        """Take what has come."""
        try:
            data = self.kernel.control.recv(_PIECE)
        except BlockingIOError:
            if self.kernel.has_exited():
                self.finish_gone()
            return
        except OSError:
            data = b""
        self._received += len(data)
        if not data:
            self.finish_gone()
        elif self._received > self.kernel.limits.flood_mb << 20:
            self.kernel.end("output limit", f"it sent more than {self.kernel.limits.flood_mb} MiB of output")
            self.finish_gone()
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        try:
            for message in self._frames.feed(data):
                if message.get("name of run") != self._name:
                    raise WireError("an answer to nothing that was asked")
                self._builder.add(message.get("operations", []))
                self._note_offsets(message.get("read"))
                if "done" in message:
                    self._finish(message["done"])
                    return
        except WireError as error:
            self.kernel.end("died", f"it sent what no kernel sends ({error})")
            self.finish_gone()

    def _note_offsets(self, offsets: object) -> None:
        if isinstance(offsets, dict):
            self._read |= {name: offsets[name] for name in self._read if type(offsets.get(name)) is int}

    def _finish(self, done: object) -> None:
        if not isinstance(done, dict):
            raise WireError("done must be an object")
        number = done.get("execution_count")
        self._end(
            Outputs(
                "ok" if done.get("ok") is True else "error",
                execution_count=number if type(number) is int and 0 <= number < 1 << 31 else None,
                value=_value(done.get("value")),
                ename=_short(done.get("ename")),
                evalue=_short(done.get("evalue")),
            )
        )

    def finish_gone(self) -> None:
        """The kernel is no more: keep what its programs had written."""
        self.kernel.end("died", "the kernel ended in the middle of the cell")
        for name, descriptor in self.kernel.files.items():
            offset = max(0, self._read[name])
            try:
                data = os.pread(descriptor, self.kernel.limits.output_kb << 10, offset)
            except (OSError, OverflowError):  # the offset is the kernel's word
                continue
            if data:
                self._builder.stream(name, data.decode("utf-8", "replace"))
        status, reason = self.kernel.ended
        self._end(Outputs(status, reason=reason))

    def _end(self, outputs: Outputs) -> None:
        outputs.outputs = self._builder.finish()
        outputs.truncated, outputs.rejected = self._builder.truncated, self._builder.rejected
        outputs.size = self._builder.size
        outputs.cpu_seconds = max(0.0, self.kernel.cpu_seconds() - self.cpu_before)
        outputs.wall_seconds = time.monotonic() - self.began
        self.outputs = outputs
        self.kernel.running = None
        if not self.kernel.alive:
            self.kernel.kill()


def _short(value: object) -> str:
    return clean(value)[:2000] if isinstance(value, str) else ""


def _value(value: object) -> object:
    try:
        return clean(value)
    except ValueError as error:
        raise WireError(str(error)) from None


def wait(*runs: Running, until: Literal["all", "any"] = "all", seconds: float = math.inf) -> tuple[Outputs | None, ...]:
    """Move `runs` on, all at a time, until all of them (or any) are done; their outputs, `None` for one still running.

    Limits are not kept here but by the watcher: it ends a kernel, and that ends the wait. `seconds` only ends the wait.
    """
    last = time.monotonic() + seconds
    while True:
        open_runs = [run for run in runs if run.outputs is None]
        if not open_runs or (until == "any" and len(open_runs) < len(runs)) or time.monotonic() > last:
            return tuple(run.outputs for run in runs)
        _wait_once(open_runs, min(_LOOK_SECONDS, last - time.monotonic()))


def _wait_once(runs: list[Running], seconds: float) -> None:
    poll = select.poll()
    by_descriptor = {}
    for run in runs:
        if not run.kernel.alive:
            run.finish_gone()
            return
        events = select.POLLIN | (select.POLLOUT if run.wants_to_send else 0)
        poll.register(run.kernel.control, events)
        poll.register(run.kernel.pidfd, select.POLLIN)
        by_descriptor |= {run.kernel.control.fileno(): run, run.kernel.pidfd: run}
    for descriptor, event in poll.poll(max(0, math.ceil(1000 * seconds))):
        run = by_descriptor[descriptor]
        if run.outputs is not None:
            continue
        if event & select.POLLOUT:
            run.send()
        if run.outputs is None:
            run.receive()  # also after the end of the process: its last words are still in the socket
