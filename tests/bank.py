"""Run answers through the tests of an assignment, as the grader would, only faster: the runner of the mutant bank.

A unit's notebook is read from its source. For each answer one exercise's solution cell is replaced, the given cells
and that exercise's test cells run in a child process, and every test cell yields an outcome, its visible and its hidden
part apart. The children are forked from one warmed process, which has imported what notebooks import; where there is no
fork, each is a fresh process.

As a program: `python tests/bank.py UNIT [EXERCISE ...] [--seeds N]` prints what every answer gets.
"""

import argparse
import contextlib
import functools
import gc
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ROOT / "tests" / "answers"
TIME_LIMIT = 30.0  # CPU seconds for one answer; four times as many on the clock, for a busy machine
HIDDEN = re.compile(r"^ *### BEGIN HIDDEN TESTS\n(.*?)^ *### END HIDDEN TESTS$", re.M | re.S)
# With more than one thread in the parent, a forked child waits for ever at its first parallel loop.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Cell:
    """One code cell of an assignment: its source, nbgrader's id, points and flags, and its tags."""

    source: str
    grade_id: str
    points: float
    is_test: bool
    is_solution: bool
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of one test cell: its points, those earned, and whether its visible and hidden parts passed."""

    grade_id: str
    points: float
    visible: bool
    hidden: bool
    error: str

    @property
    def earned(self) -> float:
        return self.points if self.visible and self.hidden else 0.0


@functools.cache
def load_unit(unit: str) -> tuple[Cell, ...]:
    """The code cells of `source/assignments/UNIT.py`, without those that run after grading."""
    import jupytext

    notebook = jupytext.read(ROOT / "source" / "assignments" / f"{unit}.py")
    cells = []
    for cell in notebook.cells:
        tags, grading = tuple(cell.metadata.get("tags", ())), cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and "after-grading" not in tags:
            flags = bool(grading.get("grade")), bool(grading.get("solution"))
            cells.append(Cell(cell.source, grading.get("grade_id", ""), grading.get("points", 0), *flags, tags))
    return tuple(cells)


def exercises(unit: str) -> dict[str, list[Cell]]:
    """Exercise -> its test cells. An exercise is called as its solution cell; its tests' ids begin with that name."""
    cells = load_unit(unit)
    names = [cell.grade_id for cell in cells if cell.is_solution]
    return {name: [cell for cell in cells if cell.is_test and cell.grade_id.startswith(f"{name}_")] for name in names}


def answers(unit: str, exercise: str) -> list[Path]:
    """The files of the bank for one exercise: right ones first, then wrong ones."""
    return sorted((ANSWERS / unit / exercise).glob("*.py"))


class Bank:
    """A warmed process that forks a child per answer. Use it as a context manager."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Bank":
        if hasattr(os, "fork"):
            self.process = self._start("--serve")
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(timeout=20)
            self.process.stdout.close()

    def run(
        self,
        exercise: str,
        answer: str,
        seed: str = "bank",
        time_limit: float = TIME_LIMIT,
        until_caught: bool = False,
    ) -> list[Outcome]:
        """The outcomes of the exercise's test cells when `answer` stands in its solution cell.

        With `until_caught` the cells that follow are left out once a visible and a hidden test have failed.
        """
        request = json.dumps(
            {
                "exercise": exercise,
                "answer": answer,
                "seed": seed,
                "time_limit": time_limit,
                "until_caught": until_caught,
            }
        )
        if self.process is not None:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
            reply = self.process.stdout.readline()
        else:
            once = self._start("--once")
            reply = once.communicate(request + "\n")[0]
        return [Outcome(**outcome) for outcome in json.loads(reply)]

    def _start(self, how: str) -> subprocess.Popen:
        environment = {
            **os.environ,
            **ONE_THREAD,
            "CVCOURSE_BUDGET": "smoke",
            "CVCOURSE_OFFLINE": "1",
            "MPLBACKEND": "agg",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, str(Path(__file__)), self.unit, how]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=environment)


def _serve(unit: str, once: bool) -> None:
    """Answer requests from stdin, a line each, on what was stdout; everything else that is printed is dropped."""
    replies = os.fdopen(os.dup(1), "w")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    prepared = _prepare(unit)
    gc.freeze()  # a collection in a child would otherwise copy every page of its parent
    for line in sys.stdin:
        request = json.loads(line)
        outcomes = _run_here(unit, prepared, request) if once else _run_in_child(unit, prepared, request)
        replies.write(json.dumps(outcomes) + "\n")
        replies.flush()


def _prepare(unit: str) -> dict:
    """The namespace after the set-up cell and the imports, which are the same for all answers."""
    _warm_up()
    namespace: dict = {"__name__": "__main__"}
    for cell in load_unit(unit):
        if cell.grade_id in ("setup", "imports"):
            _execute(cell.source, namespace, cell.grade_id)
    return namespace


def _warm_up() -> None:
    """Import here, once, what tests would otherwise import in every child: it is seconds each time."""
    import scipy.signal  # noqa: F401
    import torch

    from cvcourse.checks import check_close
    from cvcourse.guard import AUTOGRAD, CONVOLUTIONS, forbid

    for refused in ((CONVOLUTIONS,), (CONVOLUTIONS, AUTOGRAD)):
        with forbid(*refused):
            check_close(torch.eye(2) @ torch.eye(2), torch.eye(2))
    torch.nn.Conv2d(1, 1, 1, device="meta")(torch.empty(1, 1, 1, 1, device="meta"))


@functools.cache
def _warm_up_training() -> None:
    """The first optimizer imports torch's compiler: seconds, and memory that makes each fork slower."""
    import torch

    torch.optim.Adam([torch.zeros(1, requires_grad=True)]).zero_grad()
    gc.freeze()


def _run_in_child(unit: str, prepared: dict, request: dict) -> list[dict]:
    """Fork, run, and read one JSON line per test cell and a null at the end; what is missing without it has failed."""
    tests = exercises(unit)[request["exercise"]]
    if any("optim" in cell.source for cell in tests):
        _warm_up_training()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            _child(unit, prepared, request, write)
        finally:
            os._exit(0)
    os.close(write)
    killer = threading.Timer(4 * request["time_limit"], _kill, [child])
    killer.start()
    with os.fdopen(read) as lines:
        outcomes = [json.loads(line) for line in lines if line.endswith("\n")]
    finished = bool(outcomes) and outcomes[-1] is None
    os.waitpid(child, 0)
    killer.cancel()
    if finished:
        return outcomes[:-1]
    lost = [Outcome(cell.grade_id, cell.points, False, False, "died or ran out of time") for cell in tests]
    return outcomes + [asdict(outcome) for outcome in lost[len(outcomes) :]]


def _kill(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, 9)


def _child(unit: str, prepared: dict, request: dict, write: int) -> None:
    import resource

    limit = int(time.process_time() + request["time_limit"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    with os.fdopen(write, "w") as report:
        for outcome in _outcomes(unit, prepared, request):
            report.write(json.dumps(asdict(outcome)) + "\n")
            report.flush()
        report.write("null\n")


def _run_here(unit: str, prepared: dict, request: dict) -> list[dict]:
    return [asdict(outcome) for outcome in _outcomes(unit, prepared, request)]


def _outcomes(unit: str, prepared: dict, request: dict) -> Iterator[Outcome]:
    """Run the cells in the notebook's order, the answer in place of its solution cell; yield the tests' outcomes."""
    os.environ["CVCOURSE_SEED"] = request["seed"]
    exercise, namespace = request["exercise"], dict(prepared)
    tests = {cell.grade_id for cell in exercises(unit)[exercise]}
    seen = hidden = False  # caught by a visible, by a hidden test
    for cell in load_unit(unit):
        if cell.grade_id in tests:
            outcome = _run_test(cell, namespace)
            yield outcome
            tests.remove(cell.grade_id)
            seen, hidden = seen or not outcome.visible, hidden or not outcome.hidden
            if not tests or (seen and hidden and request["until_caught"]):
                return
        elif cell.grade_id == exercise:
            _execute(request["answer"], namespace, "answer")
        elif cell.is_solution or ("given" in cell.tags and cell.grade_id not in ("setup", "imports")):
            _execute(cell.source, namespace, cell.grade_id)


def _run_test(cell: Cell, namespace: dict) -> Outcome:
    visible, hidden = HIDDEN.sub("", cell.source), "\n".join(HIDDEN.findall(cell.source))
    errors = [_execute(part, namespace, cell.grade_id) for part in (visible, hidden)]
    return Outcome(cell.grade_id, cell.points, not errors[0], not errors[1], errors[0] or errors[1])


def _execute(source: str, namespace: dict, name: str) -> str:
    """Run one cell's source as a notebook would; the error's text, or an empty string."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(source, f"<{name}>", "exec"), namespace)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main() -> None:
    """What every answer of a unit gets, for several seeds."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("unit")
    parser.add_argument("exercise", nargs="*")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="show the first error of every test cell")
    for how in ("--serve", "--once"):
        parser.add_argument(how, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve or options.once:
        _serve(options.unit, options.once)
        os._exit(0)  # without the libraries' own farewells on stderr
    with Bank(options.unit) as bank:
        for exercise, tests in exercises(options.unit).items():
            if options.exercise and exercise not in options.exercise:
                continue
            print(f"{exercise}: {', '.join(f'{cell.grade_id} {cell.points:g}' for cell in tests)}")
            for path in answers(options.unit, exercise):
                _show(bank, exercise, path, options.seeds, options.verbose)


def _show(bank: Bank, exercise: str, path: Path, seeds: int, verbose: bool) -> None:
    start, runs = time.perf_counter(), []
    for seed in range(seeds):
        runs.append(bank.run(exercise, path.read_text(encoding="utf-8"), seed=f"seed {seed}"))
    earned = sorted({sum(outcome.earned for outcome in run) for run in runs})
    full = sum(outcome.points for outcome in runs[0])
    wrong = min(earned) < full if path.stem.startswith("right_") else max(earned) >= full
    seconds = (time.perf_counter() - start) / seeds
    marks = "".join("." if o.earned else "v" if not o.visible else "h" for o in runs[0])
    print(f"  {'!!' if wrong else '  '} {path.stem:<34} {earned} of {full:g}  {marks}  {seconds:.2f} s", flush=True)
    if verbose or (wrong and path.stem.startswith("right_")):
        failed = max(runs, key=lambda run: sum(not outcome.earned for outcome in run))
        for outcome in failed:
            if not outcome.earned:
                print(f"       {outcome.grade_id}: {outcome.error}")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
