"""A program of its own beside the calling process: it starts workers, restarts them, and ends with its caller.

    python -m cvcourse.grading.farm.nannies     # on its standard input: a pickle of `Settings`, at the end `FAREWELL`

Dask's nannies start workers by `multiprocessing`, which imports the main program a second time: here that is this file,
whatever script or notebook the caller is. The end of the standard input means that the caller has ended or wants to.
"""

import asyncio
import contextlib
import os
import pickle
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from distributed import Security

TRIES = 3
SHORT = 10.0  # seconds; a nanny that ended sooner did not work
LAST_SECONDS = 2.0
FAREWELL = b"goodbye"
"""What a caller says that ends by itself and cleans up; one that was killed says nothing."""


@dataclass(frozen=True)
class Settings:
    """What it has to know.

    Attributes:
        scheduler: its address.
        security: the keys to it.
        threads: of each worker process.
        space: a folder for Dask's files, removed at the end.
        config: Dask's settings.
    """

    scheduler: str
    security: "Security"
    threads: tuple[int, ...]
    space: str
    config: dict


async def _keep(settings: Settings, threads: int, nannies: set) -> None:
    """One worker process after the other under a nanny, which ends where the worker lost its connection."""
    from distributed import Nanny

    from cvcourse.grading.farm.quiet import QuietWorker

    failures = 0
    while True:
        began = time.monotonic()
        nanny: Nanny = Nanny(
            settings.scheduler,
            nthreads=threads,
            security=settings.security,
            host="127.0.0.1",
            protocol="tls",
            worker_class=QuietWorker,
            local_directory=settings.space,
            memory_limit=None,  # the limits are the kernels'
            dashboard=False,
            config=settings.config,
            silence_logs="ERROR",
        )
        nannies.add(nanny)
        try:
            async with nanny:
                await nanny.finished()
        except Exception as error:
            if failures == TRIES:
                raise
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        nannies.discard(nanny)
        failures = failures + 1 if time.monotonic() - began < SHORT else 0
        await asyncio.sleep(failures)


async def _serve(settings: Settings, nannies: set) -> None:
    await asyncio.gather(*(_keep(settings, threads, nannies) for threads in settings.threads))


def _has_ended(process: psutil.Process) -> bool:
    """Also where nobody has buried it yet, as in a container without an init."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _end_with_caller(space: str, nannies: set) -> None:
    """Wait for the end of the standard input; then nothing is left of all this."""
    try:
        last_words = b"".join(iter(lambda: os.read(0, 4096), b""))
        workers = {nanny.pid for nanny in list(nannies)}
        # Not `multiprocessing`'s own helper: it removes what the workers shared once they are gone.
        ours = [one for one in psutil.Process().children() if one.pid in workers]
        below = []
        for worker in ours:
            with contextlib.suppress(psutil.Error):
                below += worker.children(recursive=True)
                worker.kill()
        until = time.monotonic() + LAST_SECONDS
        while time.monotonic() < until and not all(_has_ended(one) for one in ours + below):
            time.sleep(0.02)
        if last_words != FAREWELL:
            shutil.rmtree(space, ignore_errors=True)
    finally:
        os._exit(0)


def main() -> None:
    """Read the settings and keep workers until the caller ends."""
    import dask
    import distributed  # noqa: F401 (while the caller makes its scheduler)

    settings: Settings = pickle.load(sys.stdin.buffer)
    dask.config.set(settings.config)
    nannies: set = set()
    threading.Thread(target=_end_with_caller, args=(settings.space, nannies), daemon=True).start()
    asyncio.run(_serve(settings, nannies))


if __name__ == "__main__":
    main()
