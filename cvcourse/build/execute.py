"""Running a notebook: one kernel, a time limit for each cell, one more try after a hang."""

import os
import tempfile
from collections.abc import Callable
from copy import deepcopy

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from cvcourse.build.limits import CELL_SECONDS, START_SECONDS
from cvcourse.build.notebook import name_of
from cvcourse.errors import BuildError

Progress = Callable[[int, int], None]


def execute(
    notebook: NotebookNode,
    file: str,
    *,
    budget: str = "cpu",
    cell_seconds: float | None = None,
    on_cell: Progress | None = None,
) -> tuple[NotebookNode, list[str]]:
    """Run a copy of `notebook` in an empty folder, with `CVCOURSE_BUDGET` set to `budget`.

    Args:
        notebook: what to run; it is left as it is.
        file: what messages call it.
        budget: "smoke", "cpu" or "gpu".
        cell_seconds: limit of each cell; by default that of the budget.
        on_cell: called with (cells done, cells in all).

    Returns:
        The executed notebook, and remarks: the cell that hung, where a second try was needed.

    Raises:
        BuildError: a cell fails, or hangs twice.
    """
    limit = cell_seconds or CELL_SECONDS[budget]
    remarks: list[str] = []
    for attempt in (1, 2):
        running = deepcopy(notebook)
        current: list[int] = []
        try:
            _run(running, budget, limit, current, on_cell)
        except (CellTimeoutError, DeadKernelError, TimeoutError) as error:
            where = name_of(running.cells[current[-1]], current[-1]) if current else "the kernel's start"
            reason = "the kernel died" if isinstance(error, DeadKernelError) else f"no end after {limit:g} s"
            if attempt == 2:
                raise BuildError(f"{file}, {where}: {reason}, in a second try too") from None
            remarks.append(f"{where}: {reason}; the notebook was run again")
        except CellExecutionError as error:
            where = name_of(running.cells[current[-1]], current[-1])
            raise BuildError(f"{file}, {where}: {error.ename}: {error.evalue}") from None
        else:
            return running, remarks
    raise AssertionError("unreachable")


def _run(notebook: NotebookNode, budget: str, limit: float, current: list[int], on_cell: Progress | None) -> None:
    """Execute in place; `current` receives the index of each cell as it starts."""
    total = len(notebook.cells)

    def started(cell: NotebookNode, cell_index: int) -> None:
        current.append(cell_index)

    def finished(cell: NotebookNode, cell_index: int) -> None:
        if on_cell:
            on_cell(cell_index + 1, total)

    with tempfile.TemporaryDirectory(prefix="cvcourse-") as folder:
        client = NotebookClient(
            notebook,
            timeout=limit,
            iopub_timeout=30,
            startup_timeout=START_SECONDS,
            kernel_name="python3",
            extra_arguments=["--log-level=40"],  # else the kernel's own remarks disturb the progress bar
            resources={"metadata": {"path": folder}},
            record_timing=False,
            coalesce_streams=True,
            store_widget_state=False,
            shutdown_kernel="immediate",
            on_cell_start=started,
            on_cell_complete=finished,
        )
        try:
            client.execute(env=_environment(budget))
        except AssertionError as error:  # nbclient cleans up twice after a kernel's death and trips over that
            raise error.__context__ if isinstance(error.__context__, DeadKernelError) else error from None


def _environment(budget: str) -> dict[str, str]:
    """The kernel's environment: the budget is fixed, and the order of sets does not change from run to run."""
    environment = {**os.environ, "CVCOURSE_BUDGET": budget, "PYTHONHASHSEED": "0"}
    environment.pop("CVCOURSE_SEED", None)
    environment.pop("MPLBACKEND", None)
    return environment
