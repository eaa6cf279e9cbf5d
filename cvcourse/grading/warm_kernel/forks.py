"""Fork servers, from the client's side. Each ends when its client does, in whatever way, and its kernels with it."""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO

from cvcourse.grading.isolation import wire

POSSIBLE = sys.platform == "linux"
# Python and its libraries read these once, at their start: kernels that differ in them have different servers.
_READ_AT_START = ("CUDA_", "GOMP_", "LD_", "KMP_", "MALLOC_", "MKL_", "MPL", "OMP_", "OPENBLAS_", "PYTHON", "TORCH")
_END_SECONDS = 5.0
Stream = int | IO | None


class ForkedKernel:
    """A kernel's process, in the way of `subprocess.Popen`. `status` can be read once the process has ended."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = open(status, "rb", buffering=0)  # noqa: SIM115 (closed at the end of the process)

    def poll(self) -> int | None:
        """The exit code; None while it runs. Where the server has gone too it is that of a kill."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, after the end. Raises `subprocess.TimeoutExpired` after `timeout` seconds."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("cvcourse-warm", timeout)
        return code

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            self.returncode = int(self._status.read(20) or -signal.SIGKILL)
            self._status.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it to this process alone, while it runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """One server: `python` with that environment. Raises `OSError` where it cannot be started."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair()
        # One thread: another would be lost, with its locks, in every fork. A kernel has as many as it asks for.
        alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        command = [python, "-P", "-m", "cvcourse.grading.warm_kernel.server", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**environment, **alone},
                start_new_session=True,  # an interrupt in the client's terminal is not meant for it
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def fork(self, request: dict, streams: list[int]) -> ForkedKernel:
        """A kernel on these descriptors. Raises `OSError` where the server has ended."""
        with self._lock:
            socket.send_fds(self._socket, [b"k"], streams)
            self._socket.sendall(wire.pack(request))
            data, descriptors, _, _ = socket.recv_fds(self._socket, 100, 1)
        if not descriptors:
            raise ConnectionError("it has ended")
        return ForkedKernel(json.loads(data)["pid"], descriptors[0])

    def close(self) -> None:
        """End it and its kernels."""
        self._socket.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:  # it is still importing
            self._process.kill()
            self._process.wait()


_servers: dict[tuple, ForkServer] = {}
_lock = threading.Lock()


def fork(
    python: str, arguments: list[str], *, env: Mapping[str, str] | None, cwd: str | None, stdout: Stream, stderr: Stream
) -> ForkedKernel:
    """A new ipykernel with these command-line arguments, from this process's server, which is started where needed.

    Raises:
        OSError: no server can be started, or it does not answer.
    """
    environment = dict(os.environ if env is None else env)
    key = (python, *sorted(item for item in environment.items() if item[0].startswith(_READ_AT_START)))
    request = {"arguments": arguments, "environment": environment, "folder": cwd or os.getcwd()}
    with contextlib.ExitStack() as opened:
        streams = [_descriptor(stream, usual, opened) for stream, usual in ((stdout, 1), (stderr, 2))]
        for last_try in (False, True):
            with _lock:
                server = _servers.get(key) or _servers.setdefault(key, ForkServer(python, environment))
            try:
                return server.fork(request, streams)
            except OSError:
                with _lock:
                    if _servers.get(key) is server:
                        _servers.pop(key).close()
                if last_try:
                    raise
    raise AssertionError("unreachable")


def _descriptor(stream: Stream, usual: int, opened: contextlib.ExitStack) -> int:
    """The descriptor that `Popen` would use for `stream`; a kernel's output is never read through a pipe."""
    if stream is None:
        return usual
    if stream in (subprocess.DEVNULL, subprocess.PIPE):
        return opened.enter_context(open(os.devnull, "wb")).fileno()
    return stream if isinstance(stream, int) else stream.fileno()


@atexit.register
def close_all() -> None:
    """End this process's servers."""
    with _lock:
        while _servers:
            _servers.popitem()[1].close()
