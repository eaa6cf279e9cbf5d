"""How a notebook starts: seeds, device, and the budget that sizes its training runs."""

import os
import platform
import random
from typing import TYPE_CHECKING, TypeVar

from cvcourse.errors import CourseError

if TYPE_CHECKING:
    import torch

BUDGETS = ("smoke", "cpu", "gpu")

Value = TypeVar("Value")


def device() -> "torch.device":
    """The device on which the notebooks compute: CUDA where there is one, else the CPU.

    The environment variable `CVCOURSE_DEVICE` (such as `cpu` or `mps`) stands above both.

    Raises:
        CourseError: `CVCOURSE_DEVICE` names a device that torch does not know.
    """
    import torch

    name = os.environ.get("CVCOURSE_DEVICE")
    if not name:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.device(name)
    except RuntimeError:
        raise CourseError(f"CVCOURSE_DEVICE={name!r} is no device: use cpu, cuda, cuda:1 or mps, or unset it") from None


def budget() -> str:
    """How much a notebook may compute: `smoke` (tests), `cpu` (a laptop) or `gpu` (full figures).

    Read from the environment variable `CVCOURSE_BUDGET`; without it `gpu` on a CUDA device and `cpu` elsewhere.

    Raises:
        CourseError: `CVCOURSE_BUDGET` is none of the three.
    """
    name = os.environ.get("CVCOURSE_BUDGET")
    if not name:
        return "gpu" if device().type == "cuda" else "cpu"
    if name not in BUDGETS:
        raise CourseError(f"CVCOURSE_BUDGET={name!r} is no budget: use {', '.join(BUDGETS)}, or unset it")
    return name


def by_budget(smoke: Value, cpu: Value, gpu: Value | None = None) -> Value:
    """The value for the current budget; without a value of its own, `gpu` takes that of `cpu`.

    >>> epochs = by_budget(smoke=1, cpu=3, gpu=10)
    """
    return {"smoke": smoke, "cpu": cpu, "gpu": cpu if gpu is None else gpu}[budget()]


def setup(seed: int = 0) -> None:
    """Seed Python, numpy and torch, set the course's plot style, and print one line about this session.

    Args:
        seed: a whole number, 0 or larger; the same seed gives the same run on the same machine.

    Raises:
        CourseError: `CVCOURSE_BUDGET` or `CVCOURSE_DEVICE` cannot be used.
    """
    import numpy as np
    import torch

    from cvcourse import plotting

    random.seed(seed)
    np.random.seed(seed)
    if torch.accelerator.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(
            seed
        )  # the same, without reading the sources of all callers for a GPU's sake
    plotting.use_style()
    print(describe())


def describe() -> str:
    """One line: versions, device, budget, and where data come from."""
    import torch

    from cvcourse import __version__

    parts = [
        f"cvcourse {__version__}",
        f"Python {platform.python_version()}",
        f"torch {torch.__version__.split('+')[0]}",
        f"device {_device_name()}",
        f"budget {budget()}",
        f"data: {_data_policy()}",
    ]
    return " | ".join(parts)


def _device_name() -> str:
    import torch

    where = device()
    if where.type == "cuda":
        return f"{where} ({torch.cuda.get_device_name(where)})"
    if where.type == "cpu":
        threads = torch.get_num_threads()
        return f"cpu ({threads} thread{'s' if threads != 1 else ''})"
    return str(where)


def _data_policy() -> str:
    folder = "real sets from CVCOURSE_DATA" if os.environ.get("CVCOURSE_DATA") else "real sets from the cache"
    if os.environ.get("CVCOURSE_OFFLINE", "0").lower() not in ("", "0", "false", "no", "off"):
        return f"{folder}, no downloads, else embedded"
    return f"{folder} or a small download, else embedded"
