"""What grading costs, ours beside plain nbgrader, and what attacks gain: tables for RESULTS.md.

    python benchmarks/grader.py [--only plain|ours|memory|attacks] [--assignment a|b] [--ours N1 N2] [--quick]

Two assignments: (a) exercises 1, 2, 4 and 7 of unit 01, (b) the whole of unit 01. The seconds of a further submission
are (T(n2) - T(n1)) / (n2 - n1), on the wall and in CPU seconds of all processes; what is left of T(n1) is the start-up.
Both sides grade the same files with one thread a kernel. The last line is the ratio of submissions a minute, ours with
two workers over plain nbgrader's, for (a). Progress goes to stderr.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from grading import attacks, course, memory, sides  # noqa: E402
from grading.measure import Cost, adopt, busy  # noqa: E402

PARTS = ("plain", "ours", "memory", "attacks")
# Submissions in the smaller and in the larger run.
COUNTS = {"plain": (5, 15), "ours": (50, 250)}
QUICK = {"plain": (1, 2), "ours": (2, 6)}
WORKERS = (1, 2)


@dataclass(frozen=True)
class Further:
    """What one more submission costs, what the start costs, and how much of it the submission's own cells take."""

    wall: float
    cpu: float
    startup: Cost
    cells: float | None = None


def say(text: str) -> None:
    """Progress."""
    print(f"# {text}", file=sys.stderr, flush=True)


def further(what: str, counts: tuple[int, int], grade: Callable[[int], tuple[Cost, list[float]]]) -> Further:
    """Grade a smaller and a larger class and compare them."""
    costs, cells = [], []
    for count in counts:
        before = busy()
        cost, cells = grade(count)
        costs.append(cost)
        say(f"{what}, {count} submissions: {cost.wall:.1f} s, {cost.cpu:.1f} CPU s (machine {busy() - before:.1f})")
    more = counts[1] - counts[0]
    wall, cpu = ((costs[1][i] - costs[0][i]) / more for i in range(2))
    startup = Cost(costs[0].wall - counts[0] * wall, costs[0].cpu - counts[0] * cpu)
    return Further(wall, cpu, startup, mean(cells) if cells else None)


def plain(assignment: course.Assignment, counts: tuple[int, int]) -> Further:
    """Plain nbgrader."""

    def grade(count: int) -> tuple[Cost, list[float]]:
        with tempfile.TemporaryDirectory(prefix="plain-") as folder:
            sides.plain_class(assignment, Path(folder), count)
            done = sides.grade_plainly(Path(folder))
            if sides.graded_plainly(Path(folder)) < count:
                sides.ended_well(done, codes=())
            return done.cost, []

    return further(f"({assignment.name}) plain nbgrader", counts, grade)


def ours(assignment: course.Assignment, counts: tuple[int, int], workers: int) -> Further:
    """`cvcourse grade`."""

    def grade(count: int) -> tuple[Cost, list[float]]:
        with tempfile.TemporaryDirectory(prefix="ours-") as folder:
            sides.our_class(assignment, Path(folder), count)
            done = sides.grade_ours(Path(folder), workers)
            return done.cost, sides.cell_seconds(Path(folder), done, count)

    return further(f"({assignment.name}) ours, {workers} workers", counts, grade)


def speed(parts: list[str], names: list[str], counts: dict[str, tuple[int, int]]) -> float | None:
    """The table of what a submission costs; gives the ratio for (a)."""
    print(
        "\n| assignment | grader | submissions | wall s, each further | CPU s, each further | its cells' CPU s |",
        end="",
    )
    print(" CPU s beside them | submissions a minute | start-up, wall / CPU s |\n|---|---|---|---|---|---|---|---|---|")
    sys.stdout.flush()
    found: dict[tuple[str, str], Further] = {}
    for assignment in [course.load(course.SMALL)] * ("a" in names) + [course.load()] * ("b" in names):
        runs: list[tuple[str, str, Callable[[], Further]]] = []
        if "plain" in parts:
            runs.append(("plain", "nbgrader autograde", lambda a=assignment: plain(a, counts["plain"])))
        for workers in WORKERS if "ours" in parts else ():
            name = f"cvcourse grade --workers {workers}"
            runs.append(("ours", name, lambda a=assignment, w=workers: ours(a, counts["ours"], w)))
        for side, name, run in runs:
            one = found[assignment.name, name] = run()
            cells = " | " if one.cells is None else f"{one.cells:.2f} | {one.cpu - one.cells:.2f}"
            sizes = " and ".join(map(str, counts[side]))
            print(f"| {assignment.name} | {name} | {sizes} | {one.wall:.3f} | {one.cpu:.3f} | {cells} ", end="")
            print(f"| {60 / one.wall:.1f} | {one.startup.wall:.1f} / {one.startup.cpu:.1f} |", flush=True)
    if set(parts) >= {"plain", "ours"} and "a" in names:
        return found["a", "nbgrader autograde"].wall / found["a", "cvcourse grade --workers 2"].wall
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may be given several times")
    parser.add_argument("--quick", action="store_true", help="few submissions: to see that it runs, not for figures")
    parser.add_argument("--assignment", choices=("a", "b"), action="append", help="of the two only this one")
    parser.add_argument("--ours", nargs=2, type=int, metavar="N", help="submissions of our two runs (default: 50 250)")
    parser.add_argument("--attack", metavar="NAME", action="append", help="of the attacks only these")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    parts = options.only or list(PARTS)
    adopt()
    print(f"# {date.today()}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, one thread")
    counts = QUICK if options.quick else {**COUNTS, **({"ours": tuple(options.ours)} if options.ours else {})}
    names = options.assignment or ["a", "b"]
    ratio = speed(parts, names, counts) if {"plain", "ours"} & set(parts) else None
    if "memory" in parts:
        memory.table()
    if "attacks" in parts:
        attacks.table(options.attack or [])
    if ratio is not None:
        print(f"\nratio {ratio:.1f}", flush=True)


if __name__ == "__main__":
    main()
