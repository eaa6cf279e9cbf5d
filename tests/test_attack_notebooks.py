"""No attack in `tests/attacks/notebooks/` gains a point behind the walls, and it reads, reaches and leaves nothing."""

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.attacks import notebook_course as course
from tests.attacks.notebook_scene import OTHER, VARIABLE, Found, Listener, Scene, attacks, student

pytestmark = pytest.mark.sandbox

ATTACKS = attacks()
MOST_SECONDS = 60.0
"""Wall seconds after which an attack with the limits below counts as one that outlived its limit."""


@dataclass
class Attacked:
    """What the grader made of an attack."""

    found: Found
    outcomes: dict[str, str]
    text: str
    seconds: float


@pytest.fixture(scope="module")
def walls(zygote) -> Iterator:
    from cvcourse.grading.walled import Walls

    with Walls(zygote=zygote) as made:
        yield made


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with Listener() as listener, pytest.MonkeyPatch.context() as patch:
        made = Scene(tmp_path_factory.mktemp("attacked"), listener)
        patch.setenv(VARIABLE, made.secrets["environment"])
        furnish(made)
        yield made


def furnish(scene: Scene) -> None:
    """Put in place what attacks are after."""
    other = scene.class_dir / "submitted" / OTHER / course.UNIT
    solutions = scene.course / "solutions" / course.UNIT
    for folder in (other, solutions):
        folder.mkdir(parents=True)
    nbformat.write(scene.source, solutions / f"{course.UNIT}.ipynb")
    (other / f"{course.UNIT}.ipynb").write_bytes(scene.submission_of_other())
    (scene.course / "nbgrader_config.py").write_text("c = get_config()\n")
    (scene.class_dir / "seeds.json").write_text(scene.seed)
    with contextlib.closing(sqlite3.connect(scene.class_dir / "gradebook.db")) as database:
        database.execute("create table student (id, first_name, last_name)")
        database.execute("insert into student values (?, '', ?)", (OTHER, scene.secrets["gradebook"]))
        database.execute("create table source_cell (source)")
        database.execute("insert into source_cell values (?)", (scene.secrets["hidden test"],))
        database.execute("create table grade (id, auto_score, manual_score, needs_manual_grade)")
        database.commit()


@pytest.fixture(scope="module")
def marked(walls, scene) -> Iterator[dict[str, Future]]:
    """All attacks, two at a time, as a class is graded."""
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(grade, walls, scene, name) for name in ATTACKS}


def grade(walls, scene: Scene, name: str) -> Attacked:
    began = time.monotonic()
    result = mark(walls, scene, scene.submission(name, ATTACKS[name]))
    points = sum(verdict.points or 0.0 for verdict in result.verdicts)
    outcomes = {verdict.grade_id: str(verdict.outcome) for verdict in result.verdicts}
    found = scene.found(name, result.notebook, points)
    return Attacked(found, outcomes, str(result.notebook), time.monotonic() - began)


def mark(walls, scene: Scene, submission: bytes):
    from cvcourse.grading.execute import Limits
    from cvcourse.grading.marking import mark, stubs_of

    limits = Limits(cell=2, notebook=6, given=20, patience=2, output=100_000)
    stubs = stubs_of(course.released())
    return mark(scene.source, submission, scene.seed, limits, stubs=stubs, run=walls.run)


@pytest.mark.parametrize("name", ATTACKS)
def test_the_attack_gains_nothing(name: str, marked: dict[str, Future]) -> None:
    attacked = marked[name].result()
    assert not attacked.found, attacked.found
    assert set(course.POINTS) < set(attacked.outcomes)
    assert attacked.seconds < MOST_SECONDS
    assert len(attacked.text) < 2_000_000


def test_nothing_is_left_and_the_next_student_gets_the_points(walls, scene: Scene, marked: dict[str, Future]) -> None:
    for future in marked.values():
        future.result()
    pid = walls.zygote.pid
    assert Path(f"/proc/{pid}/task/{pid}/children").read_text() == ""
    honest = mark(walls, scene, scene.submission_of_other())
    assert {one.grade_id: one.points for one in honest.verdicts if one.points is not None} == course.POINTS


# Cells that run without IPython and torch.
BARE = {
    "network": Found(network=True),
    "plant_configuration": Found(changed=[".bashrc", "config", "jupyter_config.py", "nbgrader_config.py"]),
    "plant_packages": Found(changed=["sitecustomize.py", "usercustomize.py"]),
    "plant_start_up": Found(changed=["00-start.py"]),
    "read_environment": Found(read=["environment"]),
    "read_gradebook": Found(read=["hidden test", "gradebook"]),
    "read_other_submissions": Found(read=["other submission"]),
    "read_solutions": Found(read=["solution", "hidden test"]),
    "symbolic_link": Found(changed=["01_scale.ipynb"]),
    "write_at_exit": Found(changed=["01_scale.ipynb"]),
    "write_other_submissions": Found(changed=["01_scale.ipynb"]),
    "write_source": Found(changed=["01_scale.ipynb", "nbgrader_config.py"]),
}


@pytest.mark.parametrize("name", BARE)
def test_without_walls_the_attack_is_seen_to_succeed(name: str, tmp_path: Path) -> None:
    with Listener() as listener:
        place = Scene(tmp_path, listener)
        furnish(place)
        printed = run_bare(place, name)
        shown = new_notebook(cells=[new_code_cell(outputs=[new_output("stream", text=printed)])])
        found = place.found(name, shown, 0.0)
    assert found.read == BARE[name].read, printed
    assert sorted(set(found.changed)) == BARE[name].changed
    assert found.network == BARE[name].network


def run_bare(place: Scene, name: str) -> str:
    """What the cell prints as a program of its own, in the folder where nbgrader would run it."""
    cell = place.fill(name, ATTACKS[name].CELL)
    own = place.class_dir / "autograded" / student(name) / course.UNIT
    own.mkdir(parents=True)
    if name == "symbolic_link":  # nbgrader writes the executed notebook where the link now is
        cell += f"\nopen('{course.UNIT}.ipynb', 'w').write('planted by {name}!')"
    environment = {VARIABLE: place.secrets["environment"], "HOME": str(place.home)}
    done = subprocess.run(
        [sys.executable, "-I", "-c", cell], cwd=own, env=environment, capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_says_what_it_is(name: str) -> None:
    lines = [line.split(":")[0] for line in (ATTACKS[name].__doc__ or "").splitlines()[2:] if ":" in line]
    assert lines[:3] == ["tries", "gains", "must"]
    assert any(hasattr(ATTACKS[name], what) for what in ("CELL", "FIRST", "ANSWERS", "FILES", "edit"))
