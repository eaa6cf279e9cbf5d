"""What the pre-warmed process does once for all kernels: they find it done, small, and each for itself."""

import platform
from collections.abc import Iterator
from pathlib import Path

import pytest

from cvcourse.grading.isolation import IsolationError, Zygote
from cvcourse.grading.isolation.verify import status
from tests.requirements import require

pytestmark = pytest.mark.sandbox
LIMITS = {"cpu_seconds": 20.0, "wall_seconds": 80.0}
LEAVE_TRACES = """
import torch
from cvcourse.data import digits, photographs
first, plate = digits(source="embedded"), photographs(["coffee"], dtype=torch.uint8)
first.images.zero_(); first.labels.zero_(); plate[0].zero_(); plate._pictures[0].zero_(); first._pixels.zero_()
again, plate = digits(source="embedded"), photographs(["coffee"], dtype=torch.uint8)
print(bool(again.images.any()), bool(again.labels.any()), bool(plate[0].any()))
"""


@pytest.fixture(scope="module")
def preloaded() -> Iterator[Zygote]:
    """One with everything that grading preloads."""
    require("sandbox")
    with Zygote(mode="warm") as zygote:
        yield zygote


def show(zygote: Zygote, *cells: str) -> list[str]:
    """What the last cell prints, as words."""
    with zygote.spawn() as kernel:
        for cell in cells:
            outputs = kernel.run(cell, **LIMITS)
            assert outputs.status == "ok", outputs
    return outputs.text.split()


def test_it_is_small_and_has_one_thread(preloaded: Zygote) -> None:
    assert status(preloaded.pid)["Threads"] == "1"
    rollup = Path(f"/proc/{preloaded.pid}/smaps_rollup").read_text()
    private = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_Dirty"))
    assert private < 800 * 1024
    with preloaded.spawn() as kernel:
        kernel.run("import cvcourse, torch\ncvcourse.setup(seed=0)", **LIMITS)
        assert kernel.private_mb() < 60


def test_what_kernels_share_lies_in_huge_pages(preloaded: Zygote) -> None:
    if tuple(map(int, platform.release().split(".")[:2])) < (6, 1):
        pytest.skip("Linux before 6.1 does not gather pages on request")

    rollup = Path(f"/proc/{preloaded.pid}/smaps_rollup").read_text()
    gathered = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("AnonHugePages"))
    assert gathered >= 200 << 10  # of about 500 MB
    assert show(preloaded, "print(sum(range(10)))") == ["45"]


def test_data_and_tables_are_there_before_a_kernel_asks(preloaded: Zygote) -> None:
    look = """
import sys
from cvcourse import guard
from cvcourse.data import digits, photographs
loaded = set(sys.modules)
digits(source="embedded"), photographs(), photographs(grey=True)
with guard.forbid(guard.CONVOLUTIONS):
    pass
caches = (sys.modules["cvcourse.data.digits"]._embedded, sys.modules["cvcourse.data.photographs"]._decoded)
print(*(cache.cache_info().misses for cache in (*caches, guard._find_stand_ins)), len(set(sys.modules) - loaded))
import scipy.signal, cvcourse.grading.proxies.kernels
"""
    assert show(preloaded, look) == ["1", "26", "3", "0"]


def test_what_is_handed_out_is_a_copy(preloaded: Zygote) -> None:
    assert show(preloaded, LEAVE_TRACES) == ["True"] * 3
    assert show(preloaded, LEAVE_TRACES) == ["True"] * 3


def test_gradients_and_random_numbers_are_each_kernels_own(preloaded: Zygote) -> None:
    cell = """
import numpy, random, torch
model = torch.nn.Conv2d(1, 2, 3)
model(torch.rand(1, 1, 5, 5)).sum().backward()
torch.optim.Adam(model.parameters()).step()
print(model.weight.grad.abs().sum().item(), random.random(), numpy.random.rand(), torch.rand(1).item())
"""
    first, second = show(preloaded, cell), show(preloaded, cell)
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_nothing_stays_refused(preloaded: Zygote) -> None:
    cell = """
import numpy, sys, torch
from cvcourse import guard
torch.nn.functional.conv2d(torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 3, 3))
print(guard.in_force(), numpy.pad([1], 1).tolist(), any("guard" in str(finder) for finder in sys.meta_path))
"""
    assert " ".join(show(preloaded, cell)) == "((), ()) [0, 1, 0] False"


def test_a_function_to_be_called_is_named_with_its_module() -> None:
    require("sandbox")
    with Zygote(preload=["gc", "faulthandler:enable"], mode="warm") as zygote:
        assert show(zygote, "import faulthandler; print(faulthandler.is_enabled())") == ["True"]
    with pytest.raises(IsolationError, match="no attribute 'there_is_no_such_function'"):
        Zygote(preload=["gc:there_is_no_such_function"], mode="warm")
