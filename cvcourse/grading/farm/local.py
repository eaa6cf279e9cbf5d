"""A cluster on this machine: the scheduler in this process, workers beside it, on the loopback, encrypted."""

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cvcourse.errors import ClassError
from cvcourse.grading.farm.nannies import FAREWELL, Settings

if TYPE_CHECKING:
    from distributed import Security

RESTARTS = 3
LAST_SECONDS = 5.0


class Workers:
    """The program that keeps the workers alive (`nannies`), from the caller's side.

    Started before the scheduler is there, so that both import Dask at the same time.
    """

    def __init__(self) -> None:
        self._settings = b""
        self._restarts = 0
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (`remove` closes it)
        # Removed here, and over there in case that this process is killed.
        self.space = tempfile.TemporaryDirectory(prefix="cvcourse-workers-", ignore_cleanup_errors=True)
        self._process = self._start()

    def _start(self) -> subprocess.Popen:
        search = os.pathsep.join(dict.fromkeys(os.path.abspath(path) for path in sys.path))
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "cvcourse.grading.farm.nannies"],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            env=os.environ | {"PYTHONPATH": search},
            start_new_session=True,  # Ctrl-C is for the caller alone
        )

    def connect(self, scheduler: str, security: "Security", threads: tuple[int, ...], config: dict) -> None:
        """Tell it where the scheduler is."""
        self._settings = pickle.dumps(Settings(scheduler, security, threads, self.space.name, config))
        self._send()

    def _send(self) -> None:
        with contextlib.suppress(BrokenPipeError):  # `look_after` finds it ended
            self._process.stdin.write(self._settings)
            self._process.stdin.flush()

    def look_after(self) -> None:
        """Start it again where somebody killed it. Raises `ClassError` where that does not help."""
        if self._process.poll() is None:
            return
        self._process.stdin.close()
        if self._restarts == RESTARTS:
            raise ClassError(f"no worker process can be kept alive here: {self._last_words()}")
        self._restarts += 1
        self._process = self._start()
        self._send()

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read()[-10_000:].decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it wrote nothing"

    def close(self) -> None:
        """End it, the workers, and all that runs below them. The folder stays until `remove`."""
        if not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(FAREWELL)
                self._process.stdin.close()
        try:
            self._process.wait(LAST_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()  # the workers notice
            self._process.wait()

    def remove(self) -> None:
        """End it and leave nothing behind."""
        self.close()
        self._log.close()
        self.space.cleanup()


def share(threads: int, processes: int) -> tuple[int, ...]:
    """So many threads over so many processes, at least one in each."""
    processes = min(threads, processes)
    return tuple(threads // processes + (place < threads % processes) for place in range(processes))


@contextlib.contextmanager
def local_cluster(threads: tuple[int, ...]) -> Iterator[tuple[str, "Security", Workers]]:
    """A scheduler for this process alone, with its address, the keys to it, and its workers.

    Raises:
        ClassError: Dask is not installed.
    """
    workers = Workers()
    with contextlib.ExitStack() as undo:
        undo.callback(workers.remove)
        from dask import config
        from distributed import Security, SpecCluster

        from cvcourse.grading.farm.quiet import CONFIG, QuietScheduler

        security = Security.temporary()
        options = {"host": "127.0.0.1", "port": 0, "protocol": "tls", "security": security, "dashboard": False}
        with config.set(CONFIG | {"temporary-directory": workers.space.name}):
            scheduler = {"cls": QuietScheduler, "options": options}
            quiet = {"silence_logs": "CRITICAL", "scheduler_sync_interval": 60}
            with SpecCluster(scheduler=scheduler, security=security, **quiet) as cluster:
                address = cluster.scheduler_address
                workers.connect(address, security, threads, CONFIG)
                try:
                    yield address, security, workers
                finally:
                    workers.close()
