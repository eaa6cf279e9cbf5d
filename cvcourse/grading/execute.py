"""Running a notebook's cells so that one bad cell costs that cell and nothing else.

`execute` is the one function behind which everything lies that touches a kernel; a grader with other kernels gives
another function of the same shape to `cvcourse.grading.marking.mark`.
"""

import asyncio
import contextlib
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from queue import Empty
from time import monotonic

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output

from cvcourse.errors import ClassError
from cvcourse.grading.allowance import Seconds
from cvcourse.grading.passage import Passage
from cvcourse.grading.runs import CellRun, Execute, Limits

__all__ = ["CellRun", "Execute", "Limits", "execute", "execute_in", "grading_environment"]

STARTUP_SECONDS = 60
PROBE_SECONDS = 10.0
LONGEST_VALUE = 2000

# `exit()` in a cell stops the kernel a moment after that cell has ended well, so that another cell would get the blame.
_STAY = "get_ipython().ask_exit = lambda: None"

# What a kernel sees of the grader's environment. Addresses, tokens and the class's own settings are not among it.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH")


def grading_environment(seed: str) -> dict[str, str]:
    """The environment of a grading kernel: embedded data, no network, one thread, the class's seed."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {
        **kept,
        "CVCOURSE_SEED": seed,
        "CVCOURSE_OFFLINE": "1",
        "CVCOURSE_BUDGET": "smoke",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


class _Manager(AsyncKernelManager):
    """Starts this Python's own kernel, whatever a user's kernel specs call python3."""

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, language="python", display_name="Python 3")


class _Client(NotebookClient):
    """nbclient's loop over one kernel, with a bound on what it keeps of a cell's output."""

    output_limit = Limits.output

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._kept: dict[int, int] = {}

    def output(self, outs, msg, display_id, cell_index):
        content = msg["content"]
        size = sum(len(str(content.get(key, ""))) for key in ("text", "data", "traceback", "evalue"))
        before = self._kept.get(cell_index, 0)
        self._kept[cell_index] = before + size
        if before + size <= self.output_limit:
            return super().output(outs, msg, display_id, cell_index)
        if before <= self.output_limit:
            outs.append(new_output("stream", name="stdout", text=f"\n[output cut at {self.output_limit} characters]\n"))
        return None


class _Kernel:
    """One kernel, in an empty working folder."""

    def __init__(self, notebook: NotebookNode, limits: Limits) -> None:
        self.limits = limits
        self.reply: dict | None = None
        self.process: psutil.Process | None = None
        self.group: int | None = None
        self.used, self.over = 0.0, False
        self.client = _Client(
            notebook,
            km=_Manager(),
            allow_errors=True,
            interrupt_on_timeout=False,
            shutdown_kernel="immediate",
            startup_timeout=STARTUP_SECONDS,
            iopub_timeout=15,
            raise_on_iopub_timeout=True,
            coalesce_streams=True,
            record_timing=False,
            skip_cells_with_tag="",
            on_cell_executed=self._keep_reply,
            extra_arguments=["--HistoryManager.enabled=False", f"--IPKernelApp.exec_lines={_STAY}"],
        )
        self.client.output_limit = limits.output

    def _keep_reply(self, execute_reply: dict, **_) -> None:
        self.reply = execute_reply["content"]

    async def start(self, environment: Mapping[str, str], folder: str) -> None:
        try:
            await self.client.async_start_new_kernel(
                env=dict(environment), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            self.group = getattr(self.client.km.provisioner, "pgid", None)
            self.process = psutil.Process(self.client.km.provisioner.pid)
            await self.client.async_start_new_kernel_client()
        except (RuntimeError, OSError, psutil.Error) as error:
            raise ClassError(f"no kernel could be started ({error}): `cvcourse doctor` looks for the cause") from error

    async def run(self, index: int, seconds: Seconds) -> CellRun:
        """Run one cell of the notebook for at most so many seconds; its outputs are left in it."""
        cell, self.reply, self.over, began = self.client.nb.cells[index], None, False, self._cpu()
        self.client.timeout = wall = math.ceil(seconds.wall)  # nbclient takes no fraction
        watch = asyncio.create_task(self._watch(began + seconds.cpu))
        try:
            await self.client.async_execute_cell(cell, index)
        except CellTimeoutError:
            return CellRun("timeout", evalue=f"it took more than {wall} seconds", seconds=self.used - began)
        except DeadKernelError:
            if not self.over:
                return CellRun("died", seconds=self.used - began)
            return CellRun(
                "timeout", evalue=f"it used more than {seconds.cpu:g} CPU seconds", seconds=self.used - began
            )
        except Exception as error:  # a submission can send messages that nbclient cannot read
            why = f"its outputs could not be read: {str(error)[:LONGEST_VALUE]}"
            return CellRun("died", type(error).__name__, why, seconds=self.used - began)
        finally:
            watch.cancel()
            self._cpu()
        return self._read_reply(cell, self.used - began)

    async def _watch(self, until: float) -> None:
        """End the kernel when it has used so much CPU time; nbclient then finds it dead."""
        while self._cpu() < until:
            await asyncio.sleep(0.2)
        self.over = True
        self._kill()

    def _cpu(self) -> float:
        """CPU seconds of the kernel and its children so far; the last known figure once it is gone."""
        with contextlib.suppress(psutil.Error):
            tree = [self.process, *self.process.children(recursive=True)] if self.process else []
            self.used = max(self.used, sum(sum(one.cpu_times()[:4]) for one in tree))
        return self.used

    def _read_reply(self, cell: NotebookNode, seconds: float) -> CellRun:
        if self.reply is None:  # an empty cell is never sent
            return CellRun("not run")
        status = "ok" if self.reply.get("status") == "ok" else "error"
        ename, evalue = (str(self.reply.get(key, ""))[:LONGEST_VALUE] for key in ("ename", "evalue"))
        return CellRun(status, ename, evalue, cell.get("execution_count"), seconds)

    async def answers(self) -> bool:
        """Whether the kernel still answers: what a cell has left behind can end it after the cell."""
        client = self.client.kc
        wanted, until = client.kernel_info(), monotonic() + PROBE_SECONDS
        while monotonic() < until and await self.client.km.is_alive():
            with contextlib.suppress(Empty):
                message = await client.get_shell_msg(timeout=0.2)
                if message["parent_header"].get("msg_id") == wanted:
                    return True
        return False

    async def stop(self) -> None:
        """End the kernel and what it started in its process group."""
        self._kill()
        if self.client.km is not None:
            await self.client._async_cleanup_kernel()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if self.group and hasattr(os, "killpg"):
                os.killpg(self.group, signal.SIGKILL)
            elif self.process is not None:
                self.process.kill()


class _Run(Passage):
    """A notebook's way through kernels of which one runs everything."""

    def __init__(
        self,
        runner: asyncio.Runner,
        notebook: NotebookNode,
        environment: Mapping[str, str],
        limits: Limits,
        folder: str,
        skip: frozenset[int],
    ) -> None:
        super().__init__(notebook, limits, skip)
        self.runner, self.environment, self.folder = runner, environment, folder
        self.kernel: _Kernel | None = None

    def start(self) -> None:
        self.kernel = _Kernel(self.notebook, self.limits)
        self.runner.run(self.kernel.start(self.environment, self.folder))

    def is_there(self) -> bool:
        return self.kernel is not None

    def drop(self) -> None:
        kernel, self.kernel = self.kernel, None
        if kernel is not None:
            self.runner.run(kernel.stop())

    def lasts(self) -> bool:
        return self.runner.run(self.kernel.answers())

    def send(self, index: int, seconds: Seconds) -> CellRun:
        return self.runner.run(self.kernel.run(index, seconds))


def execute_in(
    notebook: NotebookNode, environment: Mapping[str, str], limits: Limits, skip: frozenset[int] = frozenset()
) -> dict[int, CellRun]:
    """Run the code cells of a notebook in order, in one kernel with these environment variables; no wall is around it.

    What a bad cell costs says `Passage`. Cells tagged `after-grading` are not run.

    Args:
        notebook: changed in place: the outputs are left in it.
        environment: all environment variables of the kernel.
        limits: see `Limits`.
        skip: places of cells that are not to be run.

    Returns:
        How each code cell ended, by its place in the notebook; cells that were left out are not in it.

    Raises:
        ClassError: no kernel can be started at all.
    """
    with (
        tempfile.TemporaryDirectory(prefix="cvcourse-", ignore_cleanup_errors=True) as folder,
        asyncio.Runner() as runner,
    ):
        return _Run(runner, notebook, environment, limits, folder, skip).all_cells()


def execute(
    notebook: NotebookNode, seed: str, limits: Limits, skip: frozenset[int] = frozenset()
) -> dict[int, CellRun]:
    """`execute_in` with the environment of grading: an `Execute` without walls."""
    return execute_in(notebook, grading_environment(seed), limits, skip)
