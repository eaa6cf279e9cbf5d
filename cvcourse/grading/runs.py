"""What a submission may use, and how each of its cells ended."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from nbformat import NotebookNode


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Time is counted in CPU seconds, so that a busy machine takes no points; `patience` bounds the wall clock.

    Attributes:
        cell: CPU seconds for one cell.
        notebook: CPU seconds for all cells together, replays after a crash included; see `Allowance`.
        given: CPU seconds for one of the instructor's own cells without points (imports take long on a cold disk).
        patience: wall seconds per CPU second allowed.
        output: characters of output kept of one cell.
    """

    cell: float = 60.0
    notebook: float = 240.0
    given: float = 120.0
    patience: float = 4.0
    output: int = 1_000_000

    @property
    def whole_wall(self) -> float:
        """Wall seconds for a whole submission, with everything that is run again after a crash."""
        return (self.notebook + self.given) * self.patience


@dataclass
class CellRun:
    """How one code cell ended.

    Attributes:
        status: `ok` and `error` are the kernel's own reply; `died` and `timeout` mean that there was none; `fault` that
            the grader's own side ended; `no time` that none was left of the notebook's; `not run` that the cell was
            never sent.
        ename: class of the exception.
        evalue: its text, cut to a few lines' length; without a reply, why there is none where that is known.
        count: the kernel's execution count of the cell, as its traceback names it.
        seconds: CPU time.
    """

    status: Literal["ok", "error", "died", "timeout", "fault", "no time", "not run"]
    ename: str = ""
    evalue: str = ""
    count: int | None = None
    seconds: float = 0.0


Execute = Callable[[NotebookNode, str, Limits, frozenset[int]], dict[int, CellRun]]
"""(notebook, changed in place; the class's seed; limits; places of cells that are not to be run) -> runs by place."""
