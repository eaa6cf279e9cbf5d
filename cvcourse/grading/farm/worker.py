"""What runs in a worker process: a submission comes in, a marked notebook goes out, and nothing stays."""

import asyncio
import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from distributed import WorkerPlugin

from cvcourse.errors import ClassError, CourseError
from cvcourse.grading.assignment import Assignment
from cvcourse.grading.execute import Limits, execute
from cvcourse.grading.farm.installed import differences, installed
from cvcourse.grading.farm.keeper import Keeper, Walled
from cvcourse.grading.isolation import KernelError
from cvcourse.grading.marking import Marked, mark
from cvcourse.grading.outcomes import Verdict

TRIES = 3
PAUSE = 0.5  # seconds, where a kernel did not start although the pre-warmed process lives


@dataclass(frozen=True)
class Task:
    """What all submissions of a run have in common.

    Attributes:
        name: of the run; no other has the same.
        assignment: what they are graded against.
        seed: the class's secret seed.
        limits: of each submission.
        walls: opens the walls; None runs students' code without any.
        installed: what the caller's machine has.
    """

    name: str
    assignment: Assignment
    seed: str
    limits: Limits
    walls: Callable[[], Walled] | None
    installed: dict[str, str]


class Run(WorkerPlugin):
    """A run's part in one worker. Dask gives it to each worker once, also to those that come later."""

    def __init__(self, task: Task) -> None:
        self.task, self.name = task, task.name

    def setup(self, worker) -> None:
        """Called by Dask when it reaches a worker."""
        task = self.task
        wrong = differences(task.installed, installed())
        self.problem = f"{worker.address} has other programs than this machine: {wrong}" if wrong else ""
        self.keeper = Keeper(task.walls) if task.walls else None
        _runs[self.name] = self

    def teardown(self, worker) -> None:
        """Called by Dask when the run is over or the worker ends; submissions that still run are given up."""
        _runs.pop(self.name, None)
        if self.keeper is not None:
            self.keeper.close()

    def open(self) -> str:
        """Build the walls; why they are slow, or an empty text. Raises `CourseError`."""
        if self.problem:
            raise ClassError(f"{self.problem}; install the same there")
        if self.keeper is None:
            return ""
        with self.keeper.use() as walls:
            return walls.slow_because if walls.mode == "cold" else ""

    def mark(self, submission: bytes, earlier: Mapping[str, Verdict]) -> Marked | str:
        """One submission, or what the grader itself failed with. Raises `CourseError` where none can be graded."""
        if self.problem:
            raise ClassError(f"{self.problem}; install the same there")
        if self.keeper is None:
            return self._mark(submission, earlier, execute)
        reason = ""
        for attempt in range(TRIES):
            with self.keeper.use() as walls:
                try:
                    marked = self._mark(submission, earlier, walls.run)
                except Exception as error:
                    if walls.alive and not isinstance(error, KernelError):
                        raise
                    reason = str(error)
                else:
                    if walls.alive:  # else every kernel has ended with it, and no verdict is the answer's
                        return marked
                    reason = "the pre-warmed process ended while it ran"
            time.sleep(PAUSE * attempt)
        return f"in {TRIES} tries no kernel ran to its end: {reason}"

    def _mark(self, submission: bytes, earlier: Mapping[str, Verdict], run) -> Marked:
        task, assignment = self.task, self.task.assignment
        options = {"stubs": assignment.stubs, "run": run, "earlier": earlier}
        return mark(assignment.source, submission, task.seed, task.limits, **options)


_runs: dict[str, Run] = {}


def default_walls() -> Walled:
    """The walls for unknown code. Raises `IsolationError`."""
    from cvcourse.grading.walled import Walls

    return Walls()


def mark_one(name: str, submission: bytes, earlier: Mapping[str, Verdict]) -> bytes:
    """Dask's task: the pickle of a `Marked`, of a reason, or of a `CourseError` that ends the run.

    One piece of bytes, so that Dask carries it unopened.
    """
    try:
        result = _runs[name].mark(submission, earlier)
    except CourseError as error:
        result = error
    except Exception as error:
        result = f"{type(error).__name__}: {error}"
    return pickle.dumps(result, protocol=5)


async def open_walls(name: str) -> str | CourseError:
    """Called in each worker before the first submission: why its kernels are slow, or why it cannot grade at all."""
    try:
        return await asyncio.to_thread(_runs[name].open)
    except CourseError as error:
        return error
