"""A notebook's way through as many kernels as it needs, whatever kind of kernel that is."""

import re
import time
from abc import ABC, abstractmethod
from dataclasses import replace

from nbformat import NotebookNode

from cvcourse.grading.allowance import Allowance, Seconds
from cvcourse.grading.cells import is_executed, is_given, is_test
from cvcourse.grading.runs import CellRun, Limits

_MEMORY = "MemoryError"
# What Python, NumPy, torch and oneDNN say of it, also where a test quotes the answer's error.
_NO_MEMORY = re.compile(
    r"MemoryError\b|bad_alloc\b|can't allocate memory|cannot allocate memory|"
    r"could not create a (?:primitive|memory object)(?! desc)",
    re.IGNORECASE,
)


class Passage(ABC):
    """Runs the code cells of a notebook in order; `all_cells` is called once.

    A cell that ends its kernel, runs into its limit or out of memory costs itself only: a new kernel runs the cells
    before it again, without tests and without the guilty one, and the run goes on.
    """

    memory = "it needed more memory than there was"
    """The reason of a cell that ran out of memory."""

    def __init__(self, notebook: NotebookNode, limits: Limits, skip: frozenset[int]) -> None:
        self.notebook, self.limits, self.skip = notebook, limits, skip
        self.time = Allowance(notebook, limits)
        self.runs: dict[int, CellRun] = {}
        self.replay: list[int] = []
        self._tested = False  # whether the kernel has run a test, which may have left something in its memory
        self._tested_before = False
        self._ended_by: int | None = None

    @abstractmethod
    def start(self) -> None:
        """Start a kernel."""

    @abstractmethod
    def is_there(self) -> bool:
        """Whether there is one that takes cells."""

    @abstractmethod
    def send(self, index: int, seconds: Seconds) -> CellRun:
        """Run a cell in it, outputs left in the notebook. Memory that runs out may be an `error` or a `died`."""

    @abstractmethod
    def lasts(self) -> bool:
        """Whether it outlives what the cell has left behind."""

    @abstractmethod
    def drop(self) -> None:
        """End the kernel where there is one."""

    def all_cells(self) -> dict[int, CellRun]:
        """How each code cell ended, by its place; cells that were left out are not in it."""
        try:
            for index, cell in enumerate(self.notebook.cells):
                self.time.enter(index)
                if index not in self.skip and is_executed(cell) and cell.source.strip():
                    self._cell(index)
        finally:
            self.drop()
        return self.runs

    def _cell(self, index: int) -> None:
        run = self._once(index)
        if run.status == "died":
            # What ran before it may have done it: a cell, as the replay shows, or a test that took memory and kept it.
            suspects, tested = len(self.replay), self._tested_before
            if self._ready() and (len(self.replay) < suspects or (run.ename == _MEMORY and tested)):
                run = self._once(index)
        self.runs[index] = run
        if run.status in ("ok", "error") and not is_test(self.notebook.cells[index]):
            self.replay.append(index)

    def _once(self, index: int) -> CellRun:
        if not self._ready():
            return CellRun("no time", evalue=self.time.nothing_left)
        self._tested_before = self._tested
        began, left = time.monotonic(), self.time.left
        run = self._run(index)
        self.time.blame(index, left - self.time.left, time.monotonic() - began)
        return run

    def _ready(self) -> bool:
        """A kernel in the state that the cells so far have made; False when there is no time left for one."""
        began, left = time.monotonic(), self.time.left
        guilty, started = self._ended_by, False
        while not self.is_there() and not self.time.is_over:
            self.drop()  # of a pair one can be gone
            self.start()
            self._tested, started = False, True
            self._replay_all()
        if started and guilty is not None:
            self.time.blame(guilty, left - self.time.left, time.monotonic() - began)
        return not self.time.is_over

    def _replay_all(self) -> None:
        """Run the cells so far again, outputs left alone; one that ends its kernel is not run again."""
        for index in list(self.replay):
            cell = self.notebook.cells[index]
            kept = cell.outputs, cell.execution_count
            run = self._run(index, again=True)
            cell.outputs, cell.execution_count = kept
            if self.is_there() and not self.lasts():
                self._end(index)
                run = CellRun("died", evalue="what it left behind ended the kernel", seconds=run.seconds)
            if not self.is_there():
                self.replay.remove(index)
                self.runs[index] = run
                return

    def _run(self, index: int, *, again: bool = False) -> CellRun:
        """One cell in the kernel that there is; one that it does not outlive is dropped."""
        cell = self.notebook.cells[index]
        seconds = self.time.of(index, again=again)
        run = self._without_memory(self.send(index, seconds))
        self.time.take(index, run, seconds, again=again)
        if run.status == "timeout":
            run = replace(run, evalue=run.evalue + seconds.why)
        if is_given(cell) and run.status in ("died", "timeout") and self._is_innocent():
            run = replace(run, status="fault")
        self._tested = self._tested or is_test(cell)
        if run.status not in ("ok", "error") or not self.is_there():
            self._end(index)
        return run

    def _without_memory(self, run: CellRun) -> CellRun:
        """Where memory ran out, the kernel counts as ended, whoever noticed it first: what has it holds it still."""
        told = run.status == "error" and (run.ename == _MEMORY or _NO_MEMORY.search(f"{run.ename}: {run.evalue}"))
        if told and run.ename != "RefusedError":
            return replace(run, status="died", ename=_MEMORY, evalue=self.memory)
        return replace(run, evalue=self.memory) if run.status == "died" and run.ename == _MEMORY else run

    def _is_innocent(self) -> bool:
        """Whether no code of the student ran so far: a given cell that ends its kernel is then the grader's fault."""
        return all(is_given(self.notebook.cells[index]) for index in self.replay)

    def _end(self, index: int) -> None:
        self._ended_by = index
        self.drop()
