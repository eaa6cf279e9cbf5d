"""No attack in `tests/attacks/notebooks/` gains a point behind the walls, and it reads, reaches and leaves nothing."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attacks import notebook_course as course
from tests.attacks.notebook_scene import OTHER, VARIABLE, Found, Listener, Scene, attacks

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
    import nbformat

    with Listener() as listener, pytest.MonkeyPatch.context() as patch:
        made = Scene(tmp_path_factory.mktemp("attacked"), listener)
        patch.setenv(VARIABLE, made.secrets["environment"])
        other = made.class_dir / "submitted" / OTHER / course.UNIT
        for folder in (other, made.course / "solutions" / course.UNIT):
            folder.mkdir(parents=True)
        nbformat.write(made.source, made.course / "solutions" / course.UNIT / f"{course.UNIT}.ipynb")
        (other / f"{course.UNIT}.ipynb").write_bytes(made.submission_of_other())
        (made.class_dir / "seeds.json").write_text(made.seed)
        yield made


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

    limits = Limits(cell=3, notebook=8, given=20, patience=2, output=100_000)
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


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_says_what_it_is(name: str) -> None:
    lines = [line.split(":")[0] for line in (ATTACKS[name].__doc__ or "").splitlines()[2:] if ":" in line]
    assert lines[:3] == ["tries", "gains", "must"]
    assert any(hasattr(ATTACKS[name], what) for what in ("CELL", "FIRST", "ANSWERS", "FILES", "edit"))
