"""Runs the built lectures and solutions again with nbval and compares the outputs tagged `nbval-check-output`.

`python -m cvcourse.build.nbval --budget cpu`, or on the GPU `--budget gpu --kernel cvcourse-gpu`.
Exit code 0: all passed; 1: a cell failed or an output differs; 2: nothing could be run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cvcourse.build.limits import CELL_SECONDS, START_SECONDS
from cvcourse.errors import BuildError, CourseError
from cvcourse.paths import CoursePaths, course_paths

GPU_KERNEL = "cvcourse-gpu"
TIMED_OUT = "Timeout of"  # nbval's words when a cell passes its limit


@dataclass(frozen=True)
class Verdict:
    """How one notebook fared. `log` is pytest's report, `retried` says that a first try hung."""

    name: str
    passed: bool
    seconds: float
    log: str
    retried: bool = False


def notebooks(paths: CoursePaths) -> list[Path]:
    """The notebooks that can run as they stand: lectures and solutions."""
    return sorted((paths.course / "lectures").glob("*.ipynb")) + sorted(paths.solutions.glob("*/*.ipynb"))


def preflight(kernel: str) -> None:
    """Say at once what would otherwise be buried in one failed cell after another.

    Raises:
        BuildError: the GPU kernel is asked for and torch finds no CUDA device.
    """
    if kernel == GPU_KERNEL:
        import torch

        if not torch.cuda.is_available():
            raise BuildError("the kernel cvcourse-gpu demands CUDA, and torch finds no CUDA device on this machine")


def run(notebook: Path, paths: CoursePaths, *, budget: str, kernel: str = "python3") -> Verdict:
    """Run one notebook on a copy in a temporary folder; once more where a cell hung."""
    preflight(kernel)
    name = notebook.relative_to(paths.root).as_posix()
    start = time.monotonic()
    code, log = _pytest(notebook, paths, budget, kernel)
    retried = code != 0 and TIMED_OUT in log
    if retried:
        code, log = _pytest(notebook, paths, budget, kernel)
    return Verdict(name, code == 0, time.monotonic() - start, log, retried)


def _pytest(notebook: Path, paths: CoursePaths, budget: str, kernel: str) -> tuple[int, str]:
    """pytest's exit code and report. It runs with a configuration of its own, not with that of the project's tests."""
    options = ["--nbval-lax", f"--nbval-cell-timeout={CELL_SECONDS[budget]}"]
    options += [f"--nbval-kernel-startup-timeout={START_SECONDS}"]
    options += ["--nbval-current-env"] if kernel == "python3" else [f"--nbval-kernel-name={kernel}"]
    with tempfile.TemporaryDirectory(prefix="cvcourse-") as folder:
        shutil.copy(notebook, folder)
        Path(folder, "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--no-header",
            "-p",
            "no:cacheprovider",
            *options,
            notebook.name,
        ]
        done = subprocess.run(
            command, cwd=folder, env=_environment(paths, budget), capture_output=True, text=True, check=False
        )
    return done.returncode, done.stdout + done.stderr


def _environment(paths: CoursePaths, budget: str) -> dict[str, str]:
    """The budget, the checkout's kernel specs, and none of the outer pytest's options."""
    environment = {**os.environ, "CVCOURSE_BUDGET": budget, "PYTHONHASHSEED": "0"}
    environment["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(paths.root), os.environ.get("JUPYTER_PATH")]))
    for name in ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_PLUGINS", "MPLBACKEND", "CVCOURSE_SEED"):
        environment.pop(name, None)
    return environment


def verdicts(paths: CoursePaths, *, budget: str, kernel: str) -> Iterable[Verdict]:
    """The verdict on every notebook, one after the other.

    Raises:
        BuildError: there is no notebook, or no CUDA for the GPU kernel.
    """
    preflight(kernel)
    found = notebooks(paths)
    if not found:
        raise BuildError("no notebook to run: make them with `cvcourse build`")
    for notebook in found:
        yield run(notebook, paths, budget=budget, kernel=kernel)


def _main(
    budget: Annotated[str, typer.Option(help="smoke, cpu or gpu.")] = "cpu",
    kernel: Annotated[str, typer.Option(help="python3, or cvcourse-gpu, which demands CUDA.")] = "python3",
) -> None:
    """Run every lecture and solution and compare the outputs tagged nbval-check-output."""
    if budget not in CELL_SECONDS:
        raise BuildError(f"there is no budget {budget!r}: use {', '.join(CELL_SECONDS)}")
    failed = 0
    for verdict in verdicts(course_paths(), budget=budget, kernel=kernel):
        state = "passed" if verdict.passed else "FAILED"
        again = ", in a second try after a hang" if verdict.retried else ""
        typer.echo(f"{state}  {verdict.name}  {verdict.seconds:.1f} s{again}")
        if not verdict.passed:
            typer.echo(verdict.log)
            failed += 1
    raise typer.Exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        typer.run(_main)
    except (CourseError, OSError) as error:
        typer.echo(f"nbval: {error}", err=True)
        raise SystemExit(2) from None
