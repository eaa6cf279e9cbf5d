"""`Zygote`: the pre-warmed process, and verified kernels out of it."""

import contextlib
import itertools
import os
import signal
import socket
import threading
import warnings
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from cvcourse.grading.isolation.bubblewrap import FIRST_UID
from cvcourse.grading.isolation.errors import IsolationError, IsolationWarning, KernelError
from cvcourse.grading.isolation.inside.walls import FOLDERS
from cvcourse.grading.isolation.kernel import Kernel
from cvcourse.grading.isolation.limits import Limits
from cvcourse.grading.isolation.process import Forked, WarmProcess, output_file
from cvcourse.grading.isolation.remedies import Diagnosis, remedy
from cvcourse.grading.isolation.selftest import probe
from cvcourse.grading.isolation.tree import Tree
from cvcourse.grading.isolation.verify import status, verify_kernel
from cvcourse.grading.isolation.watch import Watcher
from cvcourse.grading.isolation.wire import Frames, WireError

DEFAULT_PRELOAD = (
    "numpy",
    "torch",
    "torchvision",
    "torchvision.transforms.v2",
    "matplotlib.pyplot",
    "IPython",
    "asyncio",
    "unittest.mock",
    "pytest",
    "scipy.ndimage",
    "scipy.signal",
    "skimage.data",
    "sklearn.datasets",
    "torch.utils.flop_counter",
    "cvcourse.checks",
    "cvcourse.data",
    "cvcourse.guard",
    "cvcourse.models",
    "cvcourse.plotting",
    "cvcourse.session",
    "cvcourse.training",
    "cvcourse.widgets",
    "cvcourse.grading.proxies.kernels",
    "cvcourse.grading.preload:warm_up",
)
"""What notebooks of the course import, and a function to be called: once here instead of in every kernel."""
COLD_PRELOAD = ("numpy", "torch", "IPython")
"""A cold kernel imports for itself alone: the rest where a cell asks for it. torch would not fit into its limits."""
MOST_SOCKETS = 8
READY_SECONDS = 20.0
COLD_UIDS = 20_000


class Zygote:
    """Kernels behind walls; see the package's docstring. Raises `IsolationError` where a wall cannot be built."""

    def __init__(
        self,
        preload: Sequence[str] = DEFAULT_PRELOAD,
        limits: Limits | None = None,
        mode: Literal["auto", "warm", "cold"] = "auto",
    ) -> None:
        self.preload, self.limits = list(preload), limits or Limits()
        self.mode: Literal["warm", "cold"] = "cold" if mode == "cold" else "warm"
        self.slow_because = "cold kernels were asked for" if mode == "cold" else ""
        self._root = os.geteuid() == 0
        self._kernels: weakref.WeakSet[Kernel] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._uids = itertools.cycle(range(COLD_UIDS))
        self._watcher = Watcher()
        self._closed = False
        self._warm: WarmProcess | None = None
        try:
            self._start(may_fall_back=mode == "auto")
        except BaseException:
            self.close()
            raise

    def _start(self, *, may_fall_back: bool) -> None:
        """Build the walls and try them with a kernel that nothing else uses."""
        if self.mode == "cold":
            self._test_walls()
            return
        self._warm = WarmProcess(self.preload, self.limits, warm=True, uid=FIRST_UID if self._root else None)
        try:
            self._test_walls()
        except (IsolationError, KernelError) as error:
            if not may_fall_back:
                raise
            self._warm.close()
            self._warm = None
            self.mode, self.slow_because = "cold", str(error)
            self._test_walls()
            todo = remedy(Diagnosis("cold", self.slow_because))
            message = f"each kernel starts cold, behind bubblewrap alone, which takes seconds ({error}); {todo}"
            warnings.warn(message, IsolationWarning, stacklevel=4)

    def _test_walls(self) -> None:
        with self.spawn(role="self-test") as kernel:
            probe(kernel)

    @property
    def pid(self) -> int | None:
        """The process id of the pre-warmed process, seen from here; None in cold mode."""
        return self._warm.pid if self._warm else None

    @property
    def alive(self) -> bool:
        """Whether kernels can still come from it: not closed, and its process, where it is warm, has not ended."""
        return not self._closed and (self._warm is None or self._warm.alive)

    def spawn(
        self,
        role: str = "student",
        fds: Sequence[socket.socket | int] = (),
        extension: str | None = None,
        limits: Limits | None = None,
        environment: dict[str, str] | None = None,
    ) -> Kernel:
        """A new kernel, verified from outside. Raises `IsolationError` (a wall is missing) or `KernelError`."""
        if len(fds) > MOST_SOCKETS:
            raise ValueError(f"a kernel takes at most {MOST_SOCKETS} sockets, not {len(fds)}")
        if self._closed:
            raise KernelError("this zygote is closed: start another")
        limits = limits or self.limits
        given = [one if isinstance(one, int) else one.fileno() for one in fds]
        process = self._warm or self._cold_process(limits)
        try:
            kernel = self._fork(process, role, given, extension, limits)
        except BaseException:
            if process is not self._warm:
                process.close()
            raise
        if environment:
            kernel.set_environment(environment)
        return kernel

    def _cold_process(self, limits: Limits) -> WarmProcess:
        # Linux counts processes by user where the worker is root, so each kernel is a user of its own.
        uid = FIRST_UID + 1 + next(self._uids) if self._root else None
        return WarmProcess(list(COLD_PRELOAD), limits, warm=False, uid=uid)

    def _fork(self, process: WarmProcess, role: str, given: list[int], extension: str | None, limits: Limits) -> Kernel:
        with contextlib.ExitStack() as undo:
            files = {name: output_file(name) for name in ("stdout", "stderr")}
            for descriptor in files.values():
                undo.callback(os.close, descriptor)
            ours, theirs = socket.socketpair()
            undo.enter_context(ours)
            with theirs:
                request = {"role": role, "limits": limits.as_dict(), "extension": extension}
                forked = process.fork(request, [theirs.fileno(), *files.values(), *given])
            undo.callback(os.close, forked.pidfd)
            undo.callback(_kill, forked.pidfd)
            _await_ready(ours, files["stderr"])
            # Where memory runs out on the machine, Linux takes a kernel before anything else.
            Path(f"/proc/{forked.pid}/oom_score_adj").write_text("1000")
            verify_kernel(forked.pid, process.pid, descriptors=1 + len(given), warm=process.warm, root=self._root)
            kernel = self._make_kernel(process, forked, role, ours, files, limits)
            undo.pop_all()
        return kernel

    def _make_kernel(
        self,
        process: WarmProcess,
        forked: Forked,
        role: str,
        control: socket.socket,
        files: dict[str, int],
        limits: Limits,
    ) -> Kernel:
        if not process.warm:  # its end must be the end of bubblewrap's namespace
            os.dup2(os.pidfd_open(process.pid), forked.pidfd, inheritable=False)
        kernel = Kernel(
            role=role,
            pid=forked.pid,
            pidfd=forked.pidfd,
            control=control,
            files=files,
            tree=Tree(forked.pid, tuple(FOLDERS.values()), frozenset() if process.warm else frozenset({"1"})),
            limits=limits,
            warm=process.warm,
            shared_kb=int(status(process.pid)["RssAnon"].split()[0]),
            on_end=lambda ended: self._forget(ended, process),
        )
        with self._lock:
            self._kernels.add(kernel)
        self._watcher.add(kernel)
        return kernel

    def _forget(self, kernel: Kernel, process: WarmProcess) -> None:
        self._watcher.remove(kernel)
        with self._lock:
            self._kernels.discard(kernel)
        if process is not self._warm:
            process.close()

    def close(self) -> None:
        """End every kernel and the pre-warmed process."""
        self._closed = True
        with self._lock:
            kernels = list(self._kernels)
        for kernel in kernels:
            kernel.kill()
        self._watcher.stop()
        if self._warm is not None:
            self._warm.close()
            self._warm = None

    def __enter__(self) -> "Zygote":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _kill(pidfd: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def _await_ready(control: socket.socket, errors: int) -> None:
    """Wait for a kernel's first message. Raises `KernelError` with what it wrote instead."""
    control.settimeout(READY_SECONDS)
    frames = Frames(longest=1000)
    try:
        while data := control.recv(1000):
            if any(message.get("ready") for message in frames.feed(data)):
                return
    except (OSError, WireError):
        pass
    written = os.pread(errors, 1 << 16, 0).decode("utf-8", "replace").strip()
    raise KernelError(f"inner wall: a kernel did not start ({(written.splitlines() or ['it wrote nothing'])[-1]})")
