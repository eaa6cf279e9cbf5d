"""How long each cell of a submission may run: one that never ends costs itself, not all that come after it."""

import time
from collections import Counter
from dataclasses import dataclass

from nbformat import NotebookNode

from cvcourse.grading.cells import cell_name, grade_id, is_answer, is_given, is_test
from cvcourse.grading.runs import CellRun, Limits

WHOLE = "the time for the whole notebook"
"""Stands in the reason of every cell that had less time than its own limit, and of no other."""

_REPEATED = 0.1  # of a cell's limit, for a test of an exercise that has run into it already
_AT_MOST, _THEN_AT_MOST = 0.9, 0.5  # of what is left, before and after a cell has run into its limit
_LEAST = 0.1
_GUILTY = 0.25  # of all that was used, from which on a cell is named


@dataclass(frozen=True)
class Seconds:
    """What one cell may take.

    Attributes:
        cpu: seconds of computing.
        wall: seconds on the clock.
        why: the end of a time-out's reason, where that is less than the cell's own limit.
    """

    cpu: float
    wall: float
    why: str = ""


class Allowance:
    """The time of one submission.

    A test of an exercise that has run into its limit leaves a tenth of that limit to the exercise's further tests. No
    cell gets all that is left of the notebook's time, and after a time-out none gets more than half of it.
    """

    def __init__(self, notebook: NotebookNode, limits: Limits) -> None:
        self.notebook, self.limits = notebook, limits
        self.left = limits.notebook
        self.until = time.monotonic() + limits.whole_wall  # sleeping takes no CPU time, nor do kernels that end at once
        self._answer = ""
        self._timed_out = self._repeated = False
        self._used: Counter[str] = Counter()

    @property
    def is_over(self) -> bool:
        """Whether nothing is left."""
        return self.left <= 0 or time.monotonic() >= self.until

    @property
    def nothing_left(self) -> str:
        """Why a cell is not run any more."""
        return f"{WHOLE} was used up{self._blame(', above all by ')}"

    def enter(self, index: int) -> None:
        """The notebook has come to this cell, for the first time."""
        if is_answer(self.notebook.cells[index]):
            self._answer, self._repeated = grade_id(self.notebook.cells[index]), False

    def of(self, index: int, *, again: bool = False) -> Seconds:
        """What the cell may take now; `again` where it has ended well before and only makes the kernel's state."""
        cell = self.notebook.cells[index]
        repeated = self._repeated and is_test(cell)
        own = self.limits.given if is_given(cell) else self.limits.cell * (_REPEATED if repeated else 1.0)
        part = 1.0 if again else _THEN_AT_MOST if self._timed_out else _AT_MOST
        cpu = own if is_given(cell) else min(own, part * self.left)
        wall = min(cpu * self.limits.patience, part * (self.until - time.monotonic()))
        if cpu < own or wall < cpu * self.limits.patience:
            why = f", and no more was left for it of {WHOLE}{self._blame('; that went above all to ')}"
        else:
            why = "; a test of this exercise had already run into its limit" if repeated else ""
        return Seconds(_rounded(cpu), _rounded(wall), why)

    def take(self, index: int, run: CellRun, seconds: Seconds, *, again: bool = False) -> None:
        """Count a cell that has run. What the grader itself took beyond the cell's limit is not counted."""
        cell = self.notebook.cells[index]
        if not is_given(cell):
            self.left -= min(run.seconds, seconds.cpu)
        if run.status == "timeout" and not again:
            self._timed_out = True
            self._repeated = self._repeated or is_test(cell)

    def blame(self, index: int, cpu: float, wall: float) -> None:
        """Note what a cell has used, or what was run again because it ended its kernel."""
        tests = is_test(self.notebook.cells[index]) and self._answer
        name = f"the tests of {self._answer}" if tests else cell_name(self.notebook, index)
        self._used[name] += max(cpu / self.limits.notebook, wall / self.limits.whole_wall)

    def _blame(self, before: str) -> str:
        name, most = max(self._used.items(), key=lambda item: item[1], default=("", 0.0))
        return f"{before}{name}" if most and most >= _GUILTY * self._used.total() else ""


def _rounded(seconds: float) -> float:
    """As a reason can tell it."""
    return max(float(f"{seconds:.3g}"), _LEAST)
