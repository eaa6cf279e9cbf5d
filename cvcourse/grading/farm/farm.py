"""`Farm`: submissions out, results in, nothing lost and nothing twice."""

import asyncio
import contextlib
import pickle
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future
from queue import Empty, SimpleQueue
from typing import Any

from cvcourse.errors import ClassError, CourseError
from cvcourse.grading.assignment import Assignment
from cvcourse.grading.execute import Limits
from cvcourse.grading.farm import connection, local
from cvcourse.grading.farm.installed import installed
from cvcourse.grading.farm.work import Work
from cvcourse.grading.marking import Marked

IN_FLIGHT = 2
"""Submissions for each thread that grades: one runs, one waits beside it."""
COUNT_SECONDS = 5.0
LOOK_SECONDS = 1.0
TRIES = 5  # of one submission, where Dask itself fails


_KILLED = "each worker process that ran it died, also where it ran alone"


class _Killer:
    """Stands for the result of a submission whose worker processes died, several times."""


class Farm:
    """Grades submissions on a Dask cluster. A context manager.

    Args:
        assignment: what they are graded against.
        seed: the class's secret seed for it.
        limits: of each submission.
        workers: how many are graded at a time on this machine.
        processes: over how many worker processes, each with its own pre-warmed process.
        scheduler: the address of a scheduler that runs elsewhere, such as `tls://host:8786`; then `workers` and
            `processes` are its own. The keys are those of Dask's configuration (`distributed.comm.tls`).
        sandbox: False runs students' code without any walls.
        walls: opens the walls in a worker instead of `cvcourse.grading.walled.Walls`; it is pickled.

    Attributes:
        notes: what whoever grades should know, such as why kernels are slow.

    Raises, on entering:
        IsolationError: code of strangers cannot be walled in here.
        ClassError: Dask is not installed, or the cluster cannot be used.
    """

    def __init__(
        self,
        assignment: Assignment,
        seed: str,
        limits: Limits,
        *,
        workers: int = 2,
        processes: int = 1,
        scheduler: str | None = None,
        sandbox: bool = True,
        walls: Callable[[], Any] | None = None,
    ) -> None:
        if workers < 1 or processes < 1:
            raise ValueError(f"a farm has at least 1 worker and 1 process, not {workers} and {processes}")
        self._assignment, self._seed, self._limits = assignment, seed, limits
        self._workers, self._processes, self._scheduler = workers, processes, scheduler
        self._sandbox, self._walls = sandbox, walls
        self.notes: list[str] = []

    def __enter__(self) -> "Farm":
        with contextlib.ExitStack() as undo:
            try:
                self._start(undo)
            except ModuleNotFoundError as error:
                if error.name not in ("dask", "distributed", "cryptography"):
                    raise
                raise ClassError("grading needs Dask: pip install cvcourse[grading]") from error
            self._undo = undo.pop_all()
        return self

    def _start(self, undo: contextlib.ExitStack) -> None:
        import distributed  # noqa: F401 (a missing one is found before anything is started)
        from dask import config

        from cvcourse.grading.farm import worker

        undo.enter_context(config.set({"distributed.admin.large-graph-warning-threshold": "1 GB"}))
        wanted, self._look_after, security, address = 1, lambda: None, None, self._scheduler
        if address is None:
            threads = local.share(self._workers, self._processes)
            wanted = len(threads)
            address, security, workers = undo.enter_context(local.local_cluster(threads))
            self._look_after = workers.look_after
        self._address = address
        self._client = undo.enter_context(connection.connected(address, security))
        connection.await_workers(self._client, wanted, self._look_after)
        task = worker.Task(
            f"cvcourse-{uuid.uuid4().hex}",
            self._assignment,
            self._seed,
            self._limits,
            (self._walls or worker.default_walls) if self._sandbox else None,
            installed(),
        )
        self.notes = undo.enter_context(connection.started_run(self._client, task))
        self._mark_one, self._name = worker.mark_one, task.name
        self._threads, self._counted, self._last_worker = 0, -COUNT_SECONDS, time.monotonic()

    def __exit__(self, *error: object) -> None:
        self._undo.__exit__(*error)

    def mark(self, works: Iterable[Work]) -> Iterator[tuple[Work, Marked | str]]:
        """Grade submissions; each comes back once, in the order in which they finish.

        Only a few are read ahead. What died with its worker several times is tried again at the end, alone, so that
        nobody pays for a neighbour.

        Args:
            works: may be longer than memory. One with the student and the key of another is left out.

        Yields:
            The work, and what came of it or why the grader itself failed on it.

        Raises:
            CourseError: no submission can be graded any more. What was yielded before is right.
        """
        suspects: list[Work] = []
        for work, result in self._mark(works, "together"):
            if isinstance(result, _Killer):
                suspects.append(work)
            else:
                yield work, result
        for suspect in suspects:
            for work, result in self._mark([suspect], "alone"):
                yield work, _KILLED if isinstance(result, _Killer) else result

    def _mark(self, works: Iterable[Work], how: str) -> Iterator[tuple[Work, Marked | str | _Killer]]:
        coming, seen, held = iter(works), set(), 0
        running: dict[str, tuple[Future, list[Work]]] = {}  # by key; who shares a key shares the result
        done: SimpleQueue[str] = SimpleQueue()
        try:
            while True:
                while held < IN_FLIGHT * self._count_threads() and (work := next(coming, None)) is not None:
                    if (work.key, work.student) in seen:
                        continue
                    seen.add((work.key, work.student))
                    if work.key not in running:
                        running[work.key] = self._send(work, how, done), []
                    running[work.key][1].append(work)
                    held += 1
                if not held:
                    return
                future, sharing = running.pop(self._next(done))
                for work in sharing:
                    held -= 1
                    yield work, _opened(future.result())
        finally:
            for future, _ in running.values():
                future.cancel()

    def _send(self, work: Work, how: str, done: "SimpleQueue[str]") -> Future:
        """Start one submission; its key goes into `done` when there is a result."""
        key = f"mark-{work.key}-{how}-{self._name}"
        future = asyncio.run_coroutine_threadsafe(self._marked(work, key), self._client.loop.asyncio_loop)
        future.add_done_callback(lambda _: done.put(work.key))
        return future

    async def _marked(self, work: Work, key: str) -> bytes | str | _Killer:
        """The worker's answer; the submission is sent again where the connection was lost."""
        from distributed import KilledWorker

        task = self._name, work.submission, dict(work.earlier)
        for tries_left in reversed(range(TRIES)):
            try:
                return await self._client.submit(self._mark_one, *task, key=key)
            except KilledWorker:
                return _Killer()
            except (CancelledError, OSError) as error:  # the connection was lost, and with it all that was sent
                await self._reconnected()
                problem = error
            except Exception as error:
                problem = error
            if not tries_left:
                return f"{type(problem).__name__}: {problem}"
        raise AssertionError("unreachable")

    async def _reconnected(self) -> None:
        """Wait while Dask connects again. Raises `ClassError` when it has given up."""
        while self._client.status == "connecting":
            await asyncio.sleep(0.1)
        if self._client.status != "running":
            raise ClassError(f"the connection to the scheduler at {self._address} is lost: run this again to go on")

    def _next(self, done: "SimpleQueue[str]") -> str:
        while True:
            try:
                return done.get(timeout=LOOK_SECONDS)
            except Empty:
                self._look_after()
                self._count_threads()

    def _count_threads(self) -> int:
        """How many submissions the cluster can run at a time; on a cluster elsewhere workers come and go."""
        if self._scheduler is None:
            return self._workers
        now = time.monotonic()
        if now - self._counted > COUNT_SECONDS:
            with contextlib.suppress(OSError, TimeoutError):
                self._threads = sum(self._client.nthreads().values())
            self._counted = now
            self._last_worker = now if self._threads else self._last_worker
        if now - self._last_worker > connection.WORKER_SECONDS:
            raise ClassError(f"all workers of {self._scheduler} are gone: start some, then run this again to go on")
        return max(self._threads, 1)


def _opened(answer: bytes | str | _Killer) -> Marked | str | _Killer:
    """What a worker answered. Raises the `CourseError` that it met."""
    result = pickle.loads(answer) if isinstance(answer, bytes) else answer
    if isinstance(result, CourseError):
        raise result
    return result
