"""What every test stands on: no network but the loopback, embedded data, one thread for torch, the smoke budget."""

import os
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Before torch is imported anywhere: a forked child of a process with an OpenMP pool hangs.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# The tests, and every process that they start, see the embedded data and no network.
os.environ["CVCOURSE_BUDGET"] = "smoke"
os.environ["CVCOURSE_OFFLINE"] = "1"
REAL_DATA = os.environ.pop("CVCOURSE_DATA", None)
_cache = tempfile.TemporaryDirectory(prefix="cvcourse-tests-")  # never the reader's own; removed at the end
os.environ["CVCOURSE_CACHE"] = _cache.name
for name in ("CVCOURSE_CLASS", "CVCOURSE_ROOT", "CVCOURSE_SEED", "CVCOURSE_GRADEBOOK", "CVCOURSE_MIRROR"):
    os.environ.pop(name, None)
os.environ["PYTHONPATH"] = str(ROOT / "tests" / "offline")
os.environ["JUPYTER_PLATFORM_DIRS"] = "1"

pytest_plugins = ["tests.seconds_per_unit", "tests.zygotes", "tests.proxy_fixtures", "tests.twins"]


@pytest.fixture
def root() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data that the caller named in CVCOURSE_DATA; the test is skipped where there is none."""
    if REAL_DATA is None:
        pytest.skip("CVCOURSE_DATA names no folder of real data")
    return Path(REAL_DATA).resolve()
