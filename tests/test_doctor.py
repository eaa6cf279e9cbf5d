"""`cvcourse doctor` tells what is there and what to do about what is not."""

import json
import subprocess
import sys

import pytest

from cvcourse import doctor
from cvcourse.grading import isolation


def test_every_finding_but_an_ok_one_says_what_to_do() -> None:
    findings = doctor.examine()
    assert [f.subject for f in findings] == [
        "python", "packages", "lab", "grading", "device", "data", "disk", "kernel", "sandbox",
    ]  # fmt: skip
    for finding in findings:
        assert finding.found
        assert finding.state == doctor.OK or finding.advice, finding


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "torchvision" else "1.0")
    finding = doctor.check_packages()
    assert finding.state == doctor.PROBLEM
    assert "torchvision" in finding.found and "pip install torchvision" in finding.advice


def test_wrong_data_folder_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("CVCOURSE_DATA", str(tmp_path / "nowhere"))
    assert doctor.check_data().state == doctor.PROBLEM
    monkeypatch.setenv("CVCOURSE_DATA", str(tmp_path))
    assert doctor.check_data().state == doctor.OK


def test_little_disk_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 200_000_000})
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    assert doctor.check_disk().state == doctor.PROBLEM


def diagnosed(monkeypatch: pytest.MonkeyPatch, mode: str, reason: str) -> doctor.Finding:
    monkeypatch.setattr(isolation, "diagnose", lambda: isolation.Diagnosis(mode, reason))
    return doctor.check_sandbox()


def test_walls_that_stand_are_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    assert diagnosed(monkeypatch, "warm", "").state == doctor.OK


@pytest.mark.parametrize(("mode", "effect"), [("cold", "in seconds"), ("none", "refuses")])
def test_a_missing_wall_is_a_note_with_its_remedy(mode: str, effect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "outer wall: there is no bubblewrap here"
    finding = diagnosed(monkeypatch, mode, reason)
    assert finding.state == doctor.NOTE
    assert finding.found.startswith(reason) and effect in finding.found
    assert finding.advice == isolation.remedy(isolation.Diagnosis(mode, reason)) != ""


def test_readers_without_the_graders_packages_need_no_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    finding = doctor.check_sandbox()
    assert finding.state == doctor.NOTE and "cvcourse[grading]" in finding.advice


def test_command_prints_json_and_exits_by_what_it_found(tmp_path) -> None:
    import os

    command = [sys.executable, "-m", "cvcourse.cli", "doctor", "--json"]
    good = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert good.returncode == 0, good.stderr
    assert {"subject", "state", "found", "advice"} == set(json.loads(good.stdout)[0])
    bad_env = os.environ | {"CVCOURSE_DATA": str(tmp_path / "nowhere")}
    bad = subprocess.run(command, capture_output=True, text=True, timeout=120, env=bad_env)
    assert bad.returncode == 1
