"""The watcher: a thread of the worker that looks at every kernel ten times a second and ends those beyond a limit."""

import threading
import time
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cvcourse.grading.isolation.kernel import Kernel

INTERVAL = 0.1
EXACT_EVERY = 10
"""Looks between two exact ones, beside those that a quick figure above the limit asks for."""
PATIENCE = 1
"""After an exact look, which reads much, the next waits this many times as long as the look took."""


class Watcher:
    """Watches kernels from `add` to `remove`. What cannot be watched is ended: it fails closed."""

    def __init__(self) -> None:
        self._kernels: weakref.WeakSet[Kernel] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="kernel watcher", daemon=True)
        self._thread.start()

    def add(self, kernel: "Kernel") -> None:
        with self._lock:
            self._kernels.add(kernel)

    def remove(self, kernel: "Kernel") -> None:
        with self._lock:
            self._kernels.discard(kernel)

    def stop(self) -> None:
        """End the thread; kernels are no longer watched."""
        self._stopped.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stopped.wait(INTERVAL):
            self._look()

    def _look(self) -> None:
        with self._lock:
            kernels = list(self._kernels)
        for kernel in kernels:
            try:
                examine(kernel)
            except Exception as error:
                kernel.end("died", f"the kernel could not be watched ({error}), so it was ended")


def examine(kernel: "Kernel") -> None:
    """Look once at a kernel and end it where it is beyond a limit."""
    with kernel.lock:
        if not kernel.alive:
            return
        if _over_time(kernel):
            return
        _check_memory(kernel)


def _over_time(kernel: "Kernel") -> bool:
    used = kernel.cpu_seconds()
    limits = kernel.limits
    running = kernel.running
    if running is not None and used - running.cpu_before > running.cpu_limit:
        kernel.end("timeout", f"it used more than {running.cpu_limit:g} CPU seconds")
    elif running is not None and time.monotonic() > running.deadline:
        kernel.end("timeout", f"it took more than {running.wall_limit:g} seconds")
    elif used > limits.cpu_seconds:
        kernel.end("timeout", f"all cells together used more than {limits.cpu_seconds} CPU seconds")
    return not kernel.alive


def _check_memory(kernel: "Kernel") -> None:
    allowed = (kernel.limits.memory_mb << 10) + kernel.shared_kb
    quick = kernel.tree.memory(exact=False).total
    kernel.looks += 1
    if quick <= allowed and kernel.looks % EXACT_EVERY:
        return
    if time.monotonic() < kernel.next_exact_look:
        return
    began = time.monotonic()
    exact = kernel.tree.memory(exact=True).total
    kernel.next_exact_look = time.monotonic() + PATIENCE * (time.monotonic() - began)
    if exact > allowed:
        kernel.end("memory", f"it used more than {kernel.limits.memory_mb} MiB of memory")
