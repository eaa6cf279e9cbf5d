"""Every attack on the walls in `tests/attacks/walls/` ends as it must: no loot, nobody harmed, nothing left."""

import importlib
import pkgutil
import time
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.attacks import walls
from tests.attacks.scene import SMALL, Scene, make_scene

pytestmark = pytest.mark.sandbox

ATTACKS = [importlib.import_module(f"{walls.__name__}.{found.name}") for found in pkgutil.iter_modules(walls.__path__)]
SLACK = 10.0
"""Seconds that a loaded machine may take beyond the wall limit of a cell."""


@pytest.fixture(scope="module")
def scene(zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("grader")
    with make_scene(zygote, folder) as made:
        yield made


def names(attacks: list[ModuleType]) -> list[str]:
    return [attack.__name__.rpartition(".")[2] for attack in attacks]


@pytest.mark.parametrize("attack", ATTACKS, ids=names(ATTACKS))
def test_the_walls_hold(attack: ModuleType, scene: Scene) -> None:
    limits, cpu, wall = getattr(attack, "LIMITS", SMALL), getattr(attack, "CPU", 5.0), getattr(attack, "WALL", 20.0)
    began = time.monotonic()
    outputs = scene.attack(attack.CELL, limits, cpu, wall)
    took = time.monotonic() - began
    shown = str(outputs)
    assert scene.secret not in shown
    assert "loot" not in outputs.text, outputs.text
    assert outputs.status in getattr(attack, "STATUS", ("ok", "error")), outputs
    assert took < wall + SLACK
    if hasattr(attack, "check"):
        attack.check(outputs, scene)
    scene.assert_unharmed()


BARE = [attack for attack in ATTACKS if getattr(attack, "BARE", True)]


@pytest.mark.parametrize("attack", BARE, ids=names(BARE))
def test_without_walls_the_attack_finds_something(attack: ModuleType, scene: Scene) -> None:
    assert "loot" in scene.bare(attack.CELL)


@pytest.mark.parametrize("attack", ATTACKS, ids=names(ATTACKS))
def test_each_attack_says_what_it_is(attack: ModuleType) -> None:
    lines = [line.split(":")[0] for line in (attack.__doc__ or "").splitlines()[2:] if ":" in line]
    assert lines[:3] == ["tries", "gains", "must"], attack.__name__
