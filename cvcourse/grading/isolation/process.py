"""One pre-warmed process behind bubblewrap, from the worker's side: start it, ask it for kernels, end it."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from typing import BinaryIO

from cvcourse.grading.isolation import bubblewrap
from cvcourse.grading.isolation.errors import IsolationError, KernelError
from cvcourse.grading.isolation.limits import Limits
from cvcourse.grading.isolation.places import find_places
from cvcourse.grading.isolation.verify import verify_zygote

START_SECONDS = 180.0
PF_EXITING = 4
"""Linux's flag of a process that has begun to end (include/linux/sched.h; in /proc/PID/stat)."""


@dataclass(frozen=True)
class Forked:
    """A kernel's process: its id as seen from here, and a descriptor that stays its own."""

    pid: int
    pidfd: int


class WarmProcess:
    """The zygote. `uid` is the user that it becomes where the worker is root, else None.

    The lifeline is its socket: when this object, or the process that has it, is gone, the zygote ends, and with it
    every kernel. A fork of this process would hold the lifeline too: start other programs with exec instead.
    """

    def __init__(self, preload: list[str], limits: Limits, *, warm: bool, uid: int | None) -> None:
        self.warm, self.uid = warm, uid
        self._lock = threading.Lock()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (`close` closes it)
        self._lifeline, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {"preload": preload, "uid": uid, "warm": warm}
        self.pid = 0
        self._process: subprocess.Popen | None = None
        reading, info = os.pipe()
        try:
            with open(reading, "rb") as described:
                with theirs, open(info, "wb"):
                    self._process = self._launch(settings, limits, theirs.fileno(), info)
                self._wait_until_ready(described)
            verify_zygote(self.pid, root=uid is not None)
        except BaseException:
            self.close()
            raise

    def _launch(self, settings: dict, limits: Limits, control: int, info: int) -> subprocess.Popen:
        users = _readable(bubblewrap.users_file(self.uid or os.getuid(), self.uid or os.getgid()))
        descriptors = {"control": control, "users": users, "info": info}
        try:
            line = bubblewrap.command(find_places(), settings, limits, **descriptors)
            return subprocess.Popen(
                line,
                pass_fds=list(descriptors.values()),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
                cwd="/",
            )
        finally:
            os.close(users)

    def _wait_until_ready(self, described: BinaryIO) -> None:
        self._lifeline.settimeout(START_SECONDS)
        try:
            packet = self._lifeline.recv(4096)
        except TimeoutError:
            raise IsolationError(f"outer wall: no answer from behind bubblewrap in {START_SECONDS:g} s") from None
        except ConnectionError:
            packet = b""
        if not packet:
            self._process.wait(10)
            raise bubblewrap.refusal(self._last_words())
        self.pid = int(json.loads(described.read())["child-pid"])
        threads = json.loads(packet)["threads"]
        if threads != 1:
            raise IsolationError(f"the pre-warmed process has {threads} threads: preload modules that start none")

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read()[-10_000:].decode("utf-8", "replace")

    @property
    def alive(self) -> bool:
        """Whether it has not ended. False as soon as it begins to: its kernels end before it does."""
        try:
            with open(f"/proc/{self.pid}/stat") as file:
                flags = int(file.read().rpartition(")")[2].split()[6])
        except OSError:
            return False
        return self._process.poll() is None and not flags & PF_EXITING

    def fork(self, request: dict, descriptors: list[int]) -> Forked:
        """A new kernel process on `descriptors`. Raises `KernelError`."""
        with self._lock:
            try:
                socket.send_fds(self._lifeline, [json.dumps(request).encode()], descriptors)
                data, pidfds, _, _ = socket.recv_fds(self._lifeline, 4096, 1)
            except OSError as error:
                raise KernelError(f"the pre-warmed process does not answer ({error})") from None
        if not data:
            raise KernelError(f"the pre-warmed process has ended: {self._last_words().strip()[-500:]}")
        answer = json.loads(data)
        if not pidfds:
            raise KernelError(f"no kernel could be started: {answer['error']}")
        return Forked(_pid_of(pidfds[0]), pidfds[0])

    def close(self) -> None:
        """End it and everything below it."""
        self._lifeline.close()
        if self._process is not None:
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    # Without a process id it is not yet beyond bubblewrap's own start.
                    os.kill(self.pid or self._process.pid, signal.SIGKILL)
                self._process.wait(10)
        self._log.close()


def _readable(data: bytes) -> int:
    """A descriptor from which `data`, a short text, can be read."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


def _pid_of(pidfd: int) -> int:
    """The process id, as seen from here, behind a pidfd that came from another pid namespace."""
    with open(f"/proc/self/fdinfo/{pidfd}") as file:
        return int(next(line for line in file if line.startswith("Pid:")).split()[1])


def output_file(name: str) -> int:
    """A file in memory for a kernel's descriptor 1 or 2: whoever writes appends, and never waits for a reader."""
    descriptor = os.memfd_create(name)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND)
    return descriptor
