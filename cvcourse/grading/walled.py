"""Running a submission behind walls, in two kernels: the student's cells in one, the instructor's tests in another.

`Walls().run` is an `Execute` for `cvcourse.grading.marking.mark`. What a cell is decides where it runs:

- tests (locked, with points): in the tester's kernel, where the student's names are proxies;
- locked cells without points that carry the tag `given`: in both;
- every other cell: in the student's kernel only;
- cells tagged `after-grading`: nowhere.
"""

import time
import warnings
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from nbformat import NotebookNode
from nbformat.v4 import new_output

from cvcourse.grading.cells import GIVEN, is_executed, is_given, is_test, tags
from cvcourse.grading.execute import CellRun, Limits
from cvcourse.grading.isolation import IsolationWarning, Kernel, KernelError, Outputs
from cvcourse.grading.isolation import Limits as KernelLimits
from cvcourse.grading.isolation.zygote import DEFAULT_PRELOAD, Zygote
from cvcourse.grading.proxies.cell_names import bound_names
from cvcourse.grading.proxies.pair import EXTENSION, Pair, Tested

PRELOAD = tuple(dict.fromkeys([*DEFAULT_PRELOAD, EXTENSION]))
_OWN_FRAMES = "/cvcourse/grading/proxies/"
_CHARACTERS_PER_KB = 1 << 10
_TRIES = 3
_OUTPUTS_OF_CELLS = 20  # so many times the output of one cell is kept of all cells together
_TOO_MUCH = "[the output is left out: the cells of this notebook have shown too much]\n"
_LINGER = 1.0  # seconds in which the end of a kernel counts for the cell that left something behind


class Walls:
    """Kernels for submissions, from one pre-warmed process. A context manager; `run` may be called by many threads.

    Args:
        mode: see `Zygote`.
        preload: modules that are imported once for all kernels.
        zygote: one that runs already; it is not closed with this.

    Raises:
        IsolationError: a wall cannot be built on this machine.
    """

    def __init__(
        self,
        mode: Literal["auto", "warm", "cold"] = "auto",
        preload: tuple[str, ...] = PRELOAD,
        zygote: Zygote | None = None,
    ) -> None:
        self._owns = zygote is None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IsolationWarning)  # `slow_because` says it
            self.zygote = zygote or Zygote(preload=preload, mode=mode)

    @property
    def mode(self) -> Literal["warm", "cold"]:
        """`cold` where each kernel is started anew, in seconds instead of milliseconds."""
        return self.zygote.mode

    @property
    def slow_because(self) -> str:
        """Why it is cold; empty where it is not."""
        return self.zygote.slow_because

    @property
    def alive(self) -> bool:
        """Whether the pre-warmed process lives; where it has died, so have all kernels, through no answer's fault."""
        return self.zygote.alive

    def run(
        self, notebook: NotebookNode, seed: str, limits: Limits, skip: frozenset[int] = frozenset()
    ) -> dict[int, CellRun]:
        """Run the code cells of a restored submission in order and leave their outputs in it.

        A cell that ends its kernel or runs into its limit costs itself only: a new pair of kernels runs the cells
        before it again, without tests and without the guilty one, and the run goes on.

        Args:
            notebook: changed in place.
            seed: the class's secret seed; the student's kernel never has it.
            limits: see `Limits`.
            skip: places of cells that are not to be run.

        Returns:
            How each code cell ended, by its place; cells that were left out are not in it.

        Raises:
            KernelError: no kernel can be started.
        """
        return _Submission(self.zygote, notebook, seed, limits, skip).all_cells()

    def close(self) -> None:
        """End every kernel and the pre-warmed process."""
        if self._owns:
            self.zygote.close()

    def __enter__(self) -> "Walls":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def kernel_limits(limits: Limits) -> KernelLimits:
    """What one kernel may use, where each of its cells has these limits."""
    return KernelLimits(
        cpu_seconds=int(limits.notebook + 2 * limits.given) + 1,
        output_kb=max(1, limits.output // _CHARACTERS_PER_KB),
    )


@dataclass
class _Submission:
    """One notebook's way through as many pairs of kernels as it needs."""

    zygote: Zygote
    notebook: NotebookNode
    seed: str
    limits: Limits
    skip: frozenset[int]
    runs: dict[int, CellRun] = field(default_factory=dict)
    replay: list[int] = field(default_factory=list)
    pair: Pair | None = None
    left: float = 0.0
    room: float = 0.0  # characters of output
    until: float = 0.0  # sleeping costs no CPU time, nor do many kernels that end at once
    own_names: set[str] = field(default_factory=set)

    def all_cells(self) -> dict[int, CellRun]:
        self.left = self.limits.notebook
        self.room = _OUTPUTS_OF_CELLS * self.limits.output
        self.until = time.monotonic() + self.limits.whole_wall
        try:
            for index, cell in enumerate(self.notebook.cells):
                if index not in self.skip and is_executed(cell) and cell.source.strip():
                    self._cell(index)
                if is_test(cell) or _is_for_both(cell):
                    self.own_names |= bound_names(cell.source)
        finally:
            self._drop_pair()
        return self.runs

    def _cell(self, index: int) -> None:
        run = self._once(index)
        if run.status == "died":
            # What a cell before it left behind may have done it. The replay shows that; then this one runs again.
            suspects = len(self.replay)
            if self._ready() and len(self.replay) < suspects:
                run = self._once(index)
        self.runs[index] = run
        if run.status in ("ok", "error") and not is_test(self.notebook.cells[index]):
            self.replay.append(index)

    def _once(self, index: int) -> CellRun:
        if not self._ready():
            return CellRun("timeout", evalue="the time for the whole notebook was used up")
        return self._run(index)

    def _ready(self) -> bool:
        """A pair in the state that the cells so far have made; False when there is no time left for one."""
        while self.pair is None:
            if self._is_over():
                return False
            self.pair = self._new_pair()
            self._replay_all()
        return not self._is_over()

    def _is_over(self) -> bool:
        return self.left <= 0 or time.monotonic() >= self.until

    def _new_pair(self) -> Pair:
        for tries_left in reversed(range(_TRIES)):
            try:
                return Pair(self.zygote, self.seed, kernel_limits(self.limits))
            except KernelError:
                if not tries_left:
                    raise
        raise AssertionError("unreachable")

    def _replay_all(self) -> None:
        """Run the cells so far again, outputs left alone; one that ends its kernel is not run again."""
        for index in list(self.replay):
            cell = self.notebook.cells[index]
            kept = cell.outputs, cell.execution_count
            run = self._run(index)
            cell.outputs, cell.execution_count = kept
            if self.pair is not None and self._ends_late(self.pair.student):
                self._drop_pair()
                run = CellRun("died", evalue="what it left behind ended the kernel", seconds=run.seconds)
            if self.pair is None:
                self.replay.remove(index)
                self.runs[index] = run
                return

    @staticmethod
    def _ends_late(kernel: Kernel) -> bool:
        """Whether a thread or process that a cell left behind ends its kernel soon."""
        until = time.monotonic() + _LINGER
        if not kernel.is_active():
            return kernel.has_exited()
        while kernel.is_active() and time.monotonic() < until:
            time.sleep(0.02)
        return kernel.has_exited(within=_LINGER / 4)  # a process is a moment without threads before its end shows

    def _run(self, index: int) -> CellRun:
        """One cell in the pair that there is; without one of its kernels the pair is dropped."""
        cell = self.notebook.cells[index]
        own = is_given(cell)
        seconds = self.limits.given if own else min(self.limits.cell, self.left)
        wall = min(seconds * self.limits.patience, self.until - time.monotonic())
        times = {"cpu_seconds": max(seconds, 0.1), "wall_seconds": max(wall, 0.1)}
        try:
            run = self._route(cell, times)
        except KernelError as error:  # what ran before had left something that ended it
            run = CellRun("died", evalue=str(error))
        if not own:
            self.left -= run.seconds
        if run.status not in ("ok", "error") or not all(kernel.alive for kernel in self.pair.kernels):
            self._drop_pair()
        return run

    def _route(self, cell: NotebookNode, times: dict[str, float]) -> CellRun:
        if is_test(cell):
            tested = self.pair.test(cell.source, own=self.own_names, **times)
            self._keep(tested.student)
            return _show_test(cell, tested)
        if _is_for_both(cell):
            student, tester = self.pair.run_given(cell.source, **times)
            _show(cell, self._keep(student))
            if tester.status != "ok":
                return _as_run(tester, **({} if tester.status == "error" else {"status": "fault"}))
            return self._blamed(_as_run(student), cell)
        outputs = self.pair.run(cell.source, **times)
        _show(cell, self._keep(outputs))
        return self._blamed(_as_run(outputs), cell)

    def _blamed(self, run: CellRun, cell: NotebookNode) -> CellRun:
        """A given cell that ends its kernel is the grader's fault, unless code of the student ran there before it."""
        innocent = all(is_given(self.notebook.cells[index]) for index in self.replay)
        if is_given(cell) and innocent and run.status in ("died", "timeout"):
            return replace(run, status="fault")
        return run

    def _keep(self, outputs: Outputs | None) -> Outputs | None:
        """The outputs of the student's kernel; without what is shown where all cells together have shown too much."""
        if outputs is not None:
            self.room -= outputs.size
            if self.room < 0:
                self.pair.student.displays.clear()  # nor are earlier outputs updated
                outputs.outputs = [new_output("stream", name="stdout", text=_TOO_MUCH)]
        return outputs

    def _drop_pair(self) -> None:
        pair, self.pair = self.pair, None
        if pair is not None:
            pair.__exit__()


def _is_for_both(cell: NotebookNode) -> bool:
    """Whether it is a given cell that runs in both kernels."""
    return is_given(cell) and GIVEN in tags(cell)


def _as_run(outputs: Outputs, **changes: Any) -> CellRun:
    """How a cell ended, from what its kernel came to."""
    status = outputs.status if outputs.status in ("ok", "error", "timeout") else "died"
    told = {"ename": outputs.ename, "evalue": outputs.evalue if status in ("ok", "error") else outputs.reason}
    return CellRun(
        **{"status": status, "seconds": outputs.cpu_seconds, "count": outputs.execution_count, **told, **changes}
    )


def _show(cell: NotebookNode, outputs: Outputs) -> None:
    cell.outputs, cell.execution_count = outputs.outputs, outputs.execution_count


def _show_test(cell: NotebookNode, tested: Tested) -> CellRun:
    """The outputs of both sides, and the verdict, which is the tester's."""
    student, tester = tested.student, tested.tester
    printed = [] if student is None else [one for one in student.outputs if one.output_type != "error"]
    cell.outputs, cell.execution_count = printed + tester.outputs, tester.execution_count
    for output in cell.outputs:
        if output.output_type == "error":
            output.traceback = [entry for entry in output.traceback if _OWN_FRAMES not in entry]
    seconds = tester.cpu_seconds + (student.cpu_seconds if student else 0.0)
    if student is not None and student.status not in ("ok", "error"):
        return _as_run(student, seconds=seconds, count=tester.execution_count)
    if tester.status == "timeout":
        return _as_run(tester, seconds=seconds)
    if tester.status in ("memory", "output limit"):
        reason = f"what the answer gave was too much for the test: {tester.reason}"
        return _as_run(tester, evalue=reason, seconds=seconds)
    if tester.status not in ("ok", "error"):
        reason = f"the kernel of the tests ended: {tester.reason}"
        return CellRun("fault", evalue=reason, count=tester.execution_count, seconds=seconds)
    if tester.status == "ok" and not tested.passed:
        return _as_run(student, seconds=seconds, count=tester.execution_count)
    return _as_run(tester, seconds=seconds)
