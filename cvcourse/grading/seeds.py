"""The secret seed of a class for each assignment: hidden tests draw their inputs from it, the same for everybody."""

import secrets
from pathlib import Path

from cvcourse.grading.store import read_json, write_json

SEEDS = "seeds.json"


def seed_for(class_dir: Path, unit: str) -> str:
    """The class's seed for a unit: a decimal number, drawn at the first call and kept in `seeds.json` (mode 0600)."""
    return read_json(class_dir / SEEDS, {}).get(unit) or new_seed(class_dir, unit)


def new_seed(class_dir: Path, unit: str) -> str:
    """Draw the class's seed for a unit anew: every submission is then graded again, with other hidden inputs."""
    path = class_dir / SEEDS
    seeds = {**read_json(path, {}), unit: str(secrets.randbits(62))}
    write_json(path, seeds, mode=0o600)
    return seeds[unit]
