"""What the kernels hold for themselves, and what entering a result into the gradebook takes."""

import resource
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat

from cvcourse.grading import bridge
from cvcourse.grading.assignment import load_assignment
from cvcourse.grading.cells import GIVEN, is_executed, tags
from cvcourse.grading.execute import Limits
from cvcourse.grading.ledger import Ledger
from cvcourse.grading.marking import mark
from cvcourse.grading.proxies.pair import Pair
from cvcourse.grading.roster import load_roster
from cvcourse.grading.walled import Walls
from cvcourse.paths import CoursePaths
from grading import course, sides
from grading.course import UNIT, Assignment

SECONDS = {"cpu_seconds": 60.0, "wall_seconds": 240.0}


class Entering(NamedTuple):
    """Seconds that entering one submission takes, and what running its cells takes."""

    wall: float
    cpu: float


def table(entries: int = 40) -> None:
    """Print memory and the gradebook's share, measured on one submission of unit 01, one at a time."""
    whole = course.load()
    print("\n| memory and bookkeeping | figure |\n|---|---|")
    with Walls() as walls:
        for line in _memory(walls, whole):
            print(line, flush=True)
        for assignment in (course.load(course.SMALL), whole):
            line = _entering(walls, assignment, entries)
            print(line, flush=True)


def _memory(walls: Walls, assignment: Assignment) -> list[str]:
    """Private memory (Private_Dirty) of the pre-warmed process and of kernels before and after the given cells."""
    given = [c for c in assignment.source.cells if is_executed(c) and GIVEN in tags(c)]
    lines = [f"| pre-warmed process, private memory | {_private_mb(walls.zygote.pid):.0f} MB |"]
    with Pair(walls.zygote, "1") as pair:
        idle = [f"{kernel.private_mb():.0f}" for kernel in pair.kernels]
        for cell in given:
            pair.run_given(cell.source, **SECONDS)
        after = [f"{kernel.private_mb():.0f}" for kernel in pair.kernels]
    lines.append(f"| a kernel, idle: student's / tester's | {' / '.join(idle)} MB |")
    lines.append(f"| a kernel after unit 01's set-up: student's / tester's | {' / '.join(after)} MB |")
    return lines


def _private_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:")) / 1024


def _entering(walls: Walls, assignment: Assignment, entries: int) -> str:
    """The line on one assignment: seconds to run a submission and to enter it into the gradebook."""
    with tempfile.TemporaryDirectory(prefix="entering-") as name:
        folder = Path(name)
        sides.our_class(assignment, folder, entries)
        paths = CoursePaths(folder, folder / "class")
        loaded = load_assignment(folder / "solutions" / UNIT / f"{UNIT}.ipynb", UNIT)
        seconds = _cpu(), time.perf_counter()
        marked = mark(loaded.source, course.submission(assignment, 0), "1", Limits(), stubs=loaded.stubs, run=walls.run)
        ran = time.perf_counter() - seconds[1]
        nbformat.validate(marked.notebook)
        bridge.enter_assignment(paths, UNIT)
        bridge.enter_students(paths, load_roster(paths.class_dir))
        with Ledger(paths, UNIT) as ledger:
            ledger.enter(course.student(0), marked)
            before, began = _cpu(), time.perf_counter()
            for number in range(1, entries):
                ledger.enter(course.student(number), marked)
            wall, cpu = (
                (end - start) / (entries - 1) for end, start in ((time.perf_counter(), began), (_cpu(), before))
            )
    share = f"{wall * 1e3:.0f} ms ({cpu * 1e3:.0f} ms CPU); running it: {ran:.2f} s on the wall"
    return f"| ({assignment.name}) gradebook and `autograded/`, a submission, serial | {share} |"


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
