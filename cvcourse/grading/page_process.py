"""Pages are made in a process of their own, so that no notebook can keep a program busy that shows or sends pages.

One process makes all of them, for its imports take longer than a page. It is ended where a page takes too long.
"""

import atexit
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from cvcourse.grading.page_worker import LENGTH, Job

CPU_SECONDS = 20.0
WALL_SECONDS = 120.0
_MOST_SAID = 200  # characters of a reason


class PageError(Exception):
    """A page could not be made; its text says why."""


class PageProcess:
    """The caller's side. Started by the first page, or before; may be called by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None

    def start(self, exporter: str) -> None:
        """Let it import an exporter, without waiting for that."""
        with self._lock:
            if self._process is None:
                self._send(Job(exporter))

    def page(self, job: Job, wall_seconds: float = WALL_SECONDS) -> str:
        """The page.

        Raises:
            PageError: the exporter fails, takes too long or too much.
        """
        with self._lock:
            try:
                self._send(job)
                return self._answer(job, wall_seconds)
            except BaseException:
                self._end()  # an answer that is left in the pipe would be taken for the next student's
                raise

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._end()

    def _send(self, job: Job) -> None:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            self._process = _started()
        data = pickle.dumps(job)
        with contextlib.suppress(OSError):  # it has ended, which `_answer` finds
            self._process.stdin.write(LENGTH.pack(True, len(data)) + data)
            self._process.stdin.flush()

    def _answer(self, job: Job, wall_seconds: float) -> str:
        process, late = self._process, threading.Event()
        clock = threading.Timer(wall_seconds, lambda: (late.set(), process.kill()))
        clock.start()
        try:
            head = process.stdout.read(LENGTH.size)
            made, length = LENGTH.unpack(head) if len(head) == LENGTH.size else (False, -1)
            data = process.stdout.read(max(length, 0))
        finally:
            clock.cancel()
        if len(data) != length:
            code = process.wait()
            if late.is_set() or code == -getattr(signal, "SIGXCPU", 0):
                raise PageError(f"it takes more than {job.seconds:g} seconds of computing")
            raise PageError(f"the process that made it ended ({code})")
        text = data.decode("utf-8")
        if not made:
            raise PageError(" ".join(text.split())[:_MOST_SAID])
        return text

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


def _started() -> subprocess.Popen:
    search = os.pathsep.join(dict.fromkeys(os.path.abspath(path) for path in sys.path))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cvcourse.grading.page_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": search},
    )


_PAGES = PageProcess()
atexit.register(_PAGES.close)


def start(exporter: str) -> None:
    """Begin with the imports of pages that will be wanted soon."""
    _PAGES.start(exporter)


def make_page(
    exporter: str,
    config: Mapping[str, Any],
    filename: str,
    resources: dict[str, Any],
    *,
    preprocessors: tuple[str, ...] = (),
    seconds: float = CPU_SECONDS,
) -> str:
    """A page of a notebook.

    Args:
        exporter: "module:Class".
        config: of traitlets; sections that cannot be sent, of other programs' functions, are left out.
        filename: of the notebook.
        resources: for the exporter.
        preprocessors: full names of those that are registered besides.
        seconds: CPU time.

    Raises:
        PageError: it cannot be made, or takes too long.
    """
    sections = {name: section for name, section in config.items() if _can_be_sent(section)}
    return _PAGES.page(Job(exporter, sections, preprocessors, filename, resources, seconds))


def _can_be_sent(section: object) -> bool:
    try:
        pickle.dumps(section)
    except Exception:  # whatever the section's objects raise
        return False
    return True
