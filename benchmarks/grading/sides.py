"""The two graders that are compared, each as a command over a class folder of its own: plain nbgrader and ours."""

import os
import sys
from pathlib import Path

from cvcourse.errors import ClassError
from cvcourse.grading.outcomes import load_outcomes
from cvcourse.grading.roster import Roster, Student, save_roster
from grading import course
from grading.course import UNIT, Assignment
from grading.measure import Finished, run

PLAIN_CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "plain"
c.ExecutePreprocessor.timeout = {timeout}
c.ExecutePreprocessor.kernel_name = "python3"
"""
LONGEST = 3600.0


def environment(home: Path, **more: str) -> dict[str, str]:
    """For both sides: embedded data, no network, one thread, a home folder of their own."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    home.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": path,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(course.ROOT),
        "CVCOURSE_OFFLINE": "1",
        "CVCOURSE_BUDGET": "smoke",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
        **more,
    }


def ended_well(done: Finished, codes: tuple[int, ...] = (0,)) -> Finished:
    """The same, or `ClassError` with the last lines of what a failed command said."""
    if done.code not in codes:
        raise ClassError(f"a grader ended with {done.code}: {' / '.join(done.text.strip().splitlines()[-8:])}")
    return done


def nbgrader(*words: str) -> list[str]:
    """The command line of one of nbgrader's steps."""
    return [sys.executable, "-m", "nbgrader", *words]


def plain_class(assignment: Assignment, folder: Path, count: int, timeout: int = 120) -> Path:
    """A course of plain nbgrader with `count` submissions: its defaults, but for the time-out and the kernel's name."""
    import nbformat

    (folder / "source" / UNIT).mkdir(parents=True)
    nbformat.write(assignment.source, folder / "source" / UNIT / f"{UNIT}.ipynb")
    (folder / "nbgrader_config.py").write_text(PLAIN_CONFIG.format(timeout=timeout))
    env = environment(folder / "home")
    ended_well(run(nbgrader("generate_assignment", UNIT), cwd=folder, env=env, seconds=LONGEST))
    course.hand_in(assignment, folder / "submitted", count)
    return folder


def grade_plainly(folder: Path, **options: float) -> Finished:
    """`nbgrader autograde` over the class."""
    return run(nbgrader("autograde", UNIT), cwd=folder, env=environment(folder / "home"), seconds=LONGEST, **options)


def our_class(assignment: Assignment, folder: Path, count: int) -> Path:
    """A checkout with `count` submissions in its class folder."""
    course.make_checkout(assignment, folder)
    names = [course.student(number) for number in range(count)]
    save_roster(folder / "class", Roster({name: Student(name, name) for name in names}))
    course.hand_in(assignment, folder / "class" / "submitted", count)
    return folder


def grade_ours(folder: Path, workers: int, *options: str) -> Finished:
    """`cvcourse grade` over the class."""
    command = [sys.executable, "-m", "cvcourse.cli", "grade", UNIT, "--class", str(folder / "class"), "--json"]
    env = environment(folder / "home", CVCOURSE_ROOT=str(folder))
    return run([*command, "--workers", str(workers), *options], cwd=folder, env=env, seconds=LONGEST)


def cell_seconds(folder: Path, done: Finished, count: int) -> list[float]:
    """CPU seconds that each submission's cells took in our run.

    Raises:
        ClassError: not every submission was graded.
    """
    outcomes = load_outcomes(folder / "class", UNIT)
    if sum(not graded.faulty for graded in outcomes.values()) < count:
        ended_well(done, codes=())
    return [graded.seconds for graded in outcomes.values()]


def graded_plainly(folder: Path) -> int:
    """How many notebooks plain nbgrader has put into `autograded/`."""
    return len(list(folder.glob(f"autograded/*/{UNIT}/{UNIT}.ipynb")))
