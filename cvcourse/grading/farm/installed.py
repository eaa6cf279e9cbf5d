"""Whether another machine has the same programs: a submission must get the same points on each."""

import hashlib
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cvcourse

_PACKAGES = ("dask", "distributed", "ipython", "nbformat", "numpy", "torch", "torchvision")
_PACKAGE_HASH = "cvcourse"


@cache
def installed() -> dict[str, str]:
    """Versions of what a grade depends on, by name, and for this package a hash of its files."""
    found = {"python": ".".join(map(str, sys.version_info[:2]))}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return {**found, _PACKAGE_HASH: _hash(Path(cvcourse.__file__).parent)}


def _hash(folder: Path) -> str:
    """A hash of all Python files below the folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        text = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()} {len(text)}\n".encode() + text)
    return digest.hexdigest()[:12]


def differences(here: dict[str, str], there: dict[str, str]) -> str:
    """What differs between two machines, in words; empty where nothing does."""
    wrong = [
        f"{name} {there.get(name, 'none')} instead of {here[name]}" for name in here if there.get(name) != here[name]
    ]
    return ", ".join(wrong)
