"""The parts of the benchmark of grading: the cut assignment, the mix of answers, the seconds of all processes."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from cvcourse.grading.assignment import load_assignment

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from grading import course

    return course


def test_the_small_assignment_has_four_exercises_and_what_they_need(course, tmp_path):
    small = course.load(course.SMALL)
    assert small.exercises == list(course.SMALL)
    folder = course.make_checkout(small, tmp_path)
    loaded = load_assignment(folder / "solutions" / course.UNIT / f"{course.UNIT}.ipynb", course.UNIT)
    assert loaded.points == 6 + 8 + 10 + 8
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in small.released.cells]
    assert {"setup", "imports", "worked_examples", "check_pad_arguments"} < set(names)
    assert "progress" not in names
    assert not any("HIDDEN" in cell.source for cell in small.released.cells)


def test_submissions_differ_and_are_the_same_in_every_run(course):
    small = course.load(course.SMALL)
    made = [course.submission(small, number) for number in range(20)]
    assert len(set(made)) == 20
    assert made[7] == course.submission(small, 7)
    solutions = {text for texts in small.answers.values() for text in texts[:1]}
    right = sum(any(cell.source.startswith(text.rstrip()) for text in solutions) for one in made for cell in cells(one))
    assert 20 < right < 80  # of 20 students with 4 answers each


def cells(submission: bytes) -> list[nbformat.NotebookNode]:
    return nbformat.reads(submission.decode(), 4).cells


def test_the_seconds_of_processes_that_were_left_behind_are_counted(tmp_path):
    worker = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    leave = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {worker!r}], start_new_session=True)"
    program = (
        f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r})\n"
        "from pathlib import Path\n"
        "from grading.measure import adopt, run\n"
        "adopt()\n"
        f"done = run([sys.executable, '-c', {leave!r}], cwd=Path({str(tmp_path)!r}), env={{}}, seconds=30, linger=20)\n"
        "print(done.code, done.cost.cpu)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    code, cpu = done.stdout.split()
    assert code == "0"
    assert 0.5 <= float(cpu) < 5
