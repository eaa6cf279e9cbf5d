"""A student's and a tester's kernel of one zygote, driven together: what the worker needs to run a notebook's cells."""

import builtins
import contextlib
import socket
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from cvcourse.grading.isolation import Kernel, Limits, Outputs, Zygote, wait
from cvcourse.grading.proxies.cell_names import used_names

EXTENSION = "cvcourse.grading.proxies.kernels"
"""To be named in the zygote's `preload` too: the kernels then have it at once."""
SHORT = 20.0  # CPU seconds for what the pair does itself in a test, where the answer may use so many
LEAST = 5.0  # and where it may use fewer
ENDING = 20.0  # seconds in which the answer's side stops serving, once it was told that the test is over
TOGETHER = 2.0  # seconds between the ends of both sides of a test, which come in any order


@dataclass(frozen=True)
class Tested:
    """What became of a test cell.

    Attributes:
        tester: the outputs of the cell itself; the verdict is its status and nothing else. None where the tester's
            kernel could not even be given the cell.
        student: what the answer's side did meanwhile: its status tells a crash or a time-out from a failed assertion.
            None where it was not needed or runs on.
    """

    tester: Outputs | None
    student: Outputs | None

    @property
    def passed(self) -> bool:
        """Whether the cell ran to its end in the tester's kernel, and the answer's side did not break."""
        served = self.student is None or self.student.status == "ok"
        return self.tester is not None and self.tester.status == "ok" and served


class Pair:
    """Both kernels of one submission. A context manager; leaving it ends them.

    Args:
        zygote: where they come from.
        seed: the class's secret seed; only the tester's kernel knows it.
        limits: for each of the kernels.
    """

    def __init__(self, zygote: Zygote, seed: str | None = None, limits: Limits | None = None) -> None:
        here, there = socket.socketpair()
        with contextlib.ExitStack() as undo:
            with here, there:
                options: dict[str, Any] = {"extension": EXTENSION, "limits": limits}
                self.student: Kernel = undo.enter_context(zygote.spawn(role="student", fds=[here.fileno()], **options))
                if seed is not None:
                    options["environment"] = {"CVCOURSE_SEED": seed}
                self.tester: Kernel = undo.enter_context(zygote.spawn(role="tester", fds=[there.fileno()], **options))
            self._undo = undo.pop_all()

    def __enter__(self) -> "Pair":
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def run(self, source: str, *, cpu_seconds: float, wall_seconds: float) -> Outputs:
        """Run a cell of the answer. Raises `KernelError` when its kernel is gone."""
        return self.student.run(source, cpu_seconds=cpu_seconds, wall_seconds=wall_seconds)

    def run_given(self, source: str, *, cpu_seconds: float, wall_seconds: float) -> tuple[Outputs, Outputs]:
        """Run a given cell on both sides: (the answer's outputs, the tester's). Raises `KernelError`."""
        both = [kernel.start(source, cpu_seconds=cpu_seconds, wall_seconds=wall_seconds) for kernel in self.kernels]
        student, tester = wait(*both)
        return student, tester

    @property
    def kernels(self) -> tuple[Kernel, Kernel]:
        """The student's and the tester's."""
        return self.student, self.tester

    def test(
        self, source: str, *, cpu_seconds: float, wall_seconds: float, own: Collection[str] = frozenset()
    ) -> Tested:
        """Run a test cell in the tester's kernel, the answer's kernel serving it. The limits hold for each of them.

        `own` are the names that the instructor's earlier cells bind: see `StudentNames.fill`.

        Raises `KernelError` when one of them was gone before.
        """
        times = {"cpu_seconds": cpu_seconds, "wall_seconds": wall_seconds}
        more = min(SHORT, max(cpu_seconds, LEAST))
        longer = {"cpu_seconds": cpu_seconds + more, "wall_seconds": wall_seconds + 4 * more}
        wanted = sorted(used_names(source).difference(own, vars(builtins)))
        serving = self.student.start_call("serve", wanted, **times)
        between = ("fill", [wanted, sorted(own)]), ("done", None)
        testing = self.tester.start(source, between=between, **longer)
        tested = wait(testing, serving, until="any")[0] or wait(testing, seconds=TOGETHER)[0]
        if tested is None:
            self.student.kill()  # it stopped answering before it was told to: the tester must not wait for it
            tested = wait(testing)[0]
        if tested.value is not True:
            self.student.kill()  # what comes from there can no longer be told apart: the next test needs a new pair
        served = wait(serving, seconds=ENDING)[0]
        if served is None:
            self.student.kill()  # it was told that the test is over, and serves on
            served = wait(serving)[0]
        return Tested(tested, served)
