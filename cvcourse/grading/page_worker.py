"""The process that makes pages, one job after the other, each with its own limit of CPU time (`page_process`).

What a job does to this process, the next job may meet; what it does to the caller is one page, or none.
"""

import contextlib
import importlib
import os
import pickle
import signal
import struct
import sys
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from traitlets.config import Config

LENGTH = struct.Struct("<?Q")  # whether it is a page, and its bytes; otherwise what went wrong


@dataclass(frozen=True)
class Job:
    """A page to be made.

    Attributes:
        exporter: "module:Class" of the exporter.
        config: of traitlets, its sections by name.
        preprocessors: full names of those that are registered besides.
        filename: of the notebook.
        resources: what the exporter gets besides.
        seconds: CPU seconds; 0 only loads the exporter, without an answer.
    """

    exporter: str
    config: dict[str, Any] = field(default_factory=dict)
    preprocessors: tuple[str, ...] = ()
    filename: str = ""
    resources: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def _limit(seconds: float) -> None:
    """End this process where it computes for longer; where there is no such limit, the caller's clock ends it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if most < 0 else min(wanted, most), most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _kind(job: Job) -> type:
    module, _, name = job.exporter.partition(":")
    return getattr(importlib.import_module(module), name)


class _Pages:
    """Makes pages; keeps the last exporter, whose templates take a while to be read."""

    def __init__(self) -> None:
        self._key, self._exporter = b"", None

    def page(self, job: Job) -> str:
        """The page of one job."""
        key = pickle.dumps((job.exporter, job.config, job.preprocessors))
        if self._exporter is None or key != self._key:
            self._key, self._exporter = key, _exporter(job)
        return self._exporter.from_filename(job.filename, resources=job.resources)[0]


def _exporter(job: Job) -> Any:
    exporter = _kind(job)(config=Config(job.config))
    for preprocessor in job.preprocessors:
        exporter.register_preprocessor(preprocessor)
    return exporter


def _serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    pages = _Pages()
    while head := jobs.read(LENGTH.size):
        job = pickle.loads(jobs.read(LENGTH.unpack(head)[1]))
        with contextlib.suppress(Exception):  # the page says what is wrong
            _kind(job)
        if not job.seconds:
            continue
        _limit(job.seconds)
        try:
            made, text = True, pages.page(job)
        except Exception as error:  # whatever a parser raises on text that was made to break it
            made, text = False, f"{type(error).__name__}: {error}"
        data = text.encode("utf-8", "replace")
        answers.write(LENGTH.pack(made, len(data)) + data)
        answers.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who ends this process
    with os.fdopen(os.dup(1), "wb") as stream:
        os.dup2(2, 1)  # nothing else gets among the pages
        from cvcourse.grading.page_worker import _serve as serve  # jobs are of that module, not of `__main__`

        serve(sys.stdin.buffer, stream)
