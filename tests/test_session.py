"""`cvcourse.setup`, the device and the budget."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch

import cvcourse
from cvcourse import CourseError, session


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in ("CVCOURSE_BUDGET", "CVCOURSE_DEVICE", "CVCOURSE_DATA", "CVCOURSE_OFFLINE"):
        monkeypatch.delenv(name, raising=False)


def draws() -> list[float]:
    return [random.random(), float(np.random.rand()), torch.rand(1).item()]


def test_setup_seeds_all_three_generators(capsys):
    cvcourse.setup(3)
    first = draws()
    cvcourse.setup(3)
    assert draws() == first
    cvcourse.setup(4)
    assert all(a != b for a, b in zip(draws(), first, strict=True))


def test_setup_prints_one_line_about_the_session(capsys, monkeypatch):
    monkeypatch.setenv("CVCOURSE_BUDGET", "smoke")
    cvcourse.setup()
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    for part in (
        cvcourse.__version__,
        torch.__version__.split("+")[0],
        "budget smoke",
        str(cvcourse.device()),
        "data:",
    ):
        assert part in printed


@pytest.mark.parametrize(("offline", "expected"), [("1", "no downloads"), ("0", "download"), ("", "download")])
def test_the_line_says_where_data_come_from(offline, expected, monkeypatch):
    monkeypatch.setenv("CVCOURSE_OFFLINE", offline)
    monkeypatch.setenv("CVCOURSE_DATA", "/some/secret/folder")
    line = session.describe()
    assert expected in line and "CVCOURSE_DATA" in line and "secret" not in line
    assert ("no downloads" in line) == (offline == "1")


@pytest.mark.parametrize(("name", "expected"), [("smoke", 1), ("cpu", 2), ("gpu", 3)])
def test_by_budget_follows_the_environment(name, expected, monkeypatch):
    monkeypatch.setenv("CVCOURSE_BUDGET", name)
    assert cvcourse.by_budget(smoke=1, cpu=2, gpu=3) == expected
    assert cvcourse.by_budget(smoke=1, cpu=2) == min(expected, 2)
    assert cvcourse.by_budget(smoke=1, cpu=2, gpu=0) == (0 if name == "gpu" else expected)  # 0 is a value, not "none"


def test_without_a_budget_the_device_decides(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cvcourse.budget() == "cpu" and cvcourse.device() == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert cvcourse.budget() == "gpu" and cvcourse.device() == torch.device("cuda")
    monkeypatch.setenv("CVCOURSE_DEVICE", "cpu")
    assert cvcourse.budget() == "cpu" and cvcourse.device() == torch.device("cpu")


@pytest.mark.parametrize(("name", "value"), [("CVCOURSE_BUDGET", "huge"), ("CVCOURSE_DEVICE", "toaster")])
def test_a_wrong_setting_is_one_clear_error(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(CourseError, match=f"{name}='{value}'"):
        cvcourse.setup()


def test_importing_the_package_loads_neither_torch_nor_matplotlib():
    code = (
        "import cvcourse, sys; print([m for m in ('torch', 'numpy', 'matplotlib', 'ipywidgets') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
