"""Running a submission behind walls, in two kernels: the student's cells in one, the instructor's tests in another.

`Walls().run` is an `Execute` for `cvcourse.grading.marking.mark`. What a cell is decides where it runs:

- tests (locked, with points): in the tester's kernel, where the student's names are proxies;
- locked cells without points that carry the tag `given`: in both;
- every other cell: in the student's kernel only;
- cells tagged `after-grading`: nowhere.
"""

import time
import warnings
from typing import Any, Literal

from nbformat import NotebookNode
from nbformat.v4 import new_output

from cvcourse.grading.allowance import Seconds
from cvcourse.grading.cells import GIVEN, is_given, is_test, tags
from cvcourse.grading.isolation import IsolationWarning, KernelError, Outputs
from cvcourse.grading.isolation import Limits as KernelLimits
from cvcourse.grading.isolation.zygote import DEFAULT_PRELOAD, Zygote
from cvcourse.grading.passage import Passage
from cvcourse.grading.proxies.cell_names import bound_names
from cvcourse.grading.proxies.pair import EXTENSION, Pair, Tested
from cvcourse.grading.runs import CellRun, Limits

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
        """Run the code cells of a restored submission in order and leave their outputs in it. See `Passage`.

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


class _Submission(Passage):
    """A notebook's way through pairs of kernels."""

    def __init__(self, zygote: Zygote, notebook: NotebookNode, seed: str, limits: Limits, skip: frozenset[int]) -> None:
        super().__init__(notebook, limits, skip)
        self.zygote, self.seed, self.kernel_limits = zygote, seed, kernel_limits(limits)
        self.memory = f"it needed more than {self.kernel_limits.memory_mb} MiB of memory"
        self.pair: Pair | None = None
        self.room = float(_OUTPUTS_OF_CELLS * limits.output)  # characters
        self._bound: set[str] = set()
        self._read = 0

    def start(self) -> None:
        for tries_left in reversed(range(_TRIES)):
            try:
                self.pair = Pair(self.zygote, self.seed, self.kernel_limits)
                return
            except KernelError:
                if not tries_left:
                    raise

    def is_there(self) -> bool:
        return self.pair is not None and all(kernel.alive for kernel in self.pair.kernels)

    def drop(self) -> None:
        pair, self.pair = self.pair, None
        if pair is not None:
            pair.__exit__()

    def lasts(self) -> bool:
        """Whether no thread or process that a cell left behind ends the student's kernel soon."""
        kernel, until = self.pair.student, time.monotonic() + _LINGER
        if not kernel.is_active():
            return not kernel.has_exited()
        while kernel.is_active() and time.monotonic() < until:
            time.sleep(0.02)
        return not kernel.has_exited(within=_LINGER / 4)  # a process is a moment without threads before its end shows

    def send(self, index: int, seconds: Seconds) -> CellRun:
        try:
            return self._route(index, {"cpu_seconds": seconds.cpu, "wall_seconds": seconds.wall})
        except KernelError as error:  # what ran before had left something that ended it
            return CellRun("died", evalue=str(error))

    def _own_names(self, index: int) -> set[str]:
        """What the instructor's cells before this one bind in the tester's kernel."""
        for cell in self.notebook.cells[self._read : index]:
            if is_test(cell) or _is_for_both(cell):
                self._bound |= bound_names(cell.source)
        self._read = max(self._read, index)
        return self._bound

    def _route(self, index: int, times: dict[str, float]) -> CellRun:
        cell = self.notebook.cells[index]
        if is_test(cell):
            tested = self.pair.test(cell.source, own=self._own_names(index), **times)
            self._keep(tested.student)
            return _show_test(cell, tested)
        if _is_for_both(cell):
            student, tester = self.pair.run_given(cell.source, **times)
            _show(cell, self._keep(student))
            if tester.status != "ok":
                return _as_run(tester, **({} if tester.status == "error" else {"status": "fault"}))
            return _as_run(student)
        outputs = self.pair.run(cell.source, **times)
        _show(cell, self._keep(outputs))
        return _as_run(outputs)

    def _keep(self, outputs: Outputs | None) -> Outputs | None:
        """The outputs of the student's kernel; without what is shown where all cells together have shown too much."""
        if outputs is not None:
            self.room -= outputs.size
            if self.room < 0:
                self.pair.student.displays.clear()  # nor are earlier outputs updated
                outputs.outputs = [new_output("stream", name="stdout", text=_TOO_MUCH)]
        return outputs


def _is_for_both(cell: NotebookNode) -> bool:
    """Whether it is a given cell that runs in both kernels."""
    return is_given(cell) and GIVEN in tags(cell)


def _as_run(outputs: Outputs, **changes: Any) -> CellRun:
    """How a cell ended, from what its kernel came to."""
    status = outputs.status if outputs.status in ("ok", "error", "timeout") else "died"
    ename = "MemoryError" if outputs.status == "memory" else outputs.ename
    told = {"ename": ename, "evalue": outputs.evalue if status in ("ok", "error") else outputs.reason}
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
    if tester.ename == "PeerGoneError" and student is not None and student.ename == "MemoryError":
        return _as_run(student, seconds=seconds, count=tester.execution_count)
    if tester.status in ("memory", "output limit"):
        reason = f"what the answer gave was too much for the test: {tester.reason}"
        return _as_run(tester, evalue=reason, seconds=seconds)
    if tester.status not in ("ok", "error"):
        reason = f"the kernel of the tests ended: {tester.reason}"
        return CellRun("fault", evalue=reason, count=tester.execution_count, seconds=seconds)
    if tester.status == "ok" and not tested.passed:
        return _as_run(student, seconds=seconds, count=tester.execution_count)
    return _as_run(tester, seconds=seconds)
