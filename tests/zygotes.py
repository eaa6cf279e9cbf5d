"""One pre-warmed process for all tests that run cells behind walls: importing torch once is most of their time."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.requirements import require

PRELOAD = ["numpy", "torch", "matplotlib.pyplot", "IPython", "asyncio", "pytest"]
PRELOAD += ["torchvision", "torch.testing", "cvcourse.checks", "cvcourse.grading.proxies.kernels"]
PRELOAD += ["cvcourse.grading.preload:warm_up"]
MODULES = Path(__file__).resolve().parent / "sandbox_modules"


@pytest.fixture(scope="session")
def zygote() -> Iterator:
    """A warm `Zygote` whose kernels can also import `tests/sandbox_modules`. Its tests carry the marker `sandbox`."""
    require("sandbox")
    from cvcourse.grading.isolation import Zygote, process
    from cvcourse.grading.isolation.places import find_places

    found = find_places()
    bind = (str(MODULES), "/packages/tests")
    places = replace(found, binds=(*found.binds, bind), search_path=(*found.search_path, bind[1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "find_places", lambda: places)
        started = Zygote(preload=PRELOAD, mode="warm")
    with started:
        yield started


@pytest.fixture
def kernel(zygote) -> Iterator:
    """A fresh kernel."""
    with zygote.spawn() as spawned:
        yield spawned
