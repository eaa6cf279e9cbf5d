"""Where a wall cannot be built, one line names it and says what to do; `cvcourse doctor` shows the same."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cvcourse.errors import CourseError
from cvcourse.grading.isolation import Diagnosis, IsolationError, Zygote, diagnose, remedies, remedy
from tests.conftest import ROOT
from tests.ordinary_user import as_ordinary_user
from tests.requirements import require

APPARMOR = {"kernel/apparmor_restrict_unprivileged_userns": "1"}
CLONE = {"kernel/unprivileged_userns_clone": "0"}
NONE_LEFT = {"user/max_user_namespaces": "0"}

# Makes the machine's setting for this process and its children alone, in a user namespace of their own.
FEW_NAMESPACES = """
import ctypes, json, os
uid, gid = os.getuid(), os.getgid()
assert ctypes.CDLL(None).unshare(0x10000000) == 0
for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
    open(f"/proc/self/{name}", "w").write(text)
open("/proc/sys/user/max_user_namespaces", "w").write("0")
from cvcourse.grading.isolation import diagnose, remedy
found = diagnose()
print(json.dumps([found.mode, found.reason, remedy(found)]))
"""


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Call it to pretend: what bubblewrap answers, and Linux's settings."""

    def pretend(message: str, settings: dict[str, str], *, root: bool = False, stock: bool = False) -> None:
        program = tmp_path / "bwrap"
        program.write_text(f"#!/bin/sh\necho '{message}' >&2\nexit 1\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setattr(remedies, "_setting", lambda name: settings.get(name, ""))
        monkeypatch.setattr(remedies, "_as_root", lambda: root)
        monkeypatch.setattr(remedies, "_stock_profile", lambda: tmp_path if stock else tmp_path / "absent")

    return pretend


@pytest.mark.parametrize(
    ("message", "settings", "advice"),
    [
        ("bwrap: setting up uid map: Permission denied", APPARMOR, r"AppArmor.*userns, }.*apparmor_parser -r"),
        ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", APPARMOR, r"AppArmor.*apparmor_parser -r"),
        ("bwrap: No permissions to create new namespace", CLONE, r"sysctl -w kernel.unprivileged_userns_clone=1"),
        ("bwrap: Creating new namespace failed: No space left on device", NONE_LEFT, r"no user.*max_user_namespaces"),
        ("bwrap: max_*_namespaces exceeded (ENOSPC)", {}, r"too few.*sysctl -w user.max_user_namespaces"),
        ("bwrap: Creating new namespace failed: Operation not permitted", {}, r"in a container.*seccomp=unconfined"),
        ("bwrap: Unknown option --size", {}, "too old"),
        ("bwrap: something new", {}, "--unsafe-no-sandbox"),
    ],
)
def test_a_refusal_of_bubblewrap_says_what_to_do(message: str, settings: dict, advice: str, machine) -> None:
    machine(message, settings)
    with pytest.raises(IsolationError, match=rf"^outer wall: .*{advice}") as caught:
        Zygote(preload=[])
    assert "\n" not in str(caught.value) and message in str(caught.value)
    found = diagnose()
    assert str(caught.value) == f"{found.reason}; {remedy(found)}"


def test_the_apparmor_profile_can_be_pasted_into_a_shell(machine, tmp_path: Path) -> None:
    reason = "inner wall: a kernel did not start (PermissionError: [Errno 1] mount)"
    machine("", APPARMOR, root=True, stock=True)
    text = remedy(Diagnosis("cold", reason))
    assert text.index(f"apparmor_parser -R {tmp_path}") < text.index("apparmor_parser -r /etc/apparmor.d/bwrap")
    machine("", APPARMOR, root=True)
    text = remedy(Diagnosis("cold", reason))
    assert "-R" not in text
    for path, place in (("/etc/apparmor.d/bwrap", tmp_path / "profile"), ("apparmor_parser", "cat")):
        text = text.replace(path, str(place))
    script = text.partition("as root, ")[2].replace("cat -r", "cat")
    shown = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, timeout=20, check=True).stdout
    assert shown.splitlines() == list(remedies.PROFILE)


def test_settings_for_ordinary_users_do_not_explain_why_root_is_refused(machine) -> None:
    refused = Diagnosis("none", "outer wall: bubblewrap does not run here (bwrap: mount: Operation not permitted)")
    machine("", CLONE, root=True)
    assert "in a container" in remedy(refused)
    # Kernels are made after root was left.
    assert "userns_clone=1" in remedy(Diagnosis("cold", "inner wall: no kernel could be started: [Errno 1]"))


def test_cold_kernels_say_why_they_are_not_warm(machine) -> None:
    machine("", {})
    assert "too few" in remedy(Diagnosis("cold", "no kernel could be started: [Errno 28] clone into new namespaces"))
    assert "--security-opt" in remedy(Diagnosis("cold", "no kernel could be started: [Errno 1] clone"))


def test_without_bubblewrap_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CourseError, match=r"no bubblewrap here; install it \(.*apt install bubblewrap.*dnf install"):
        Zygote(preload=[])


def test_other_systems_are_sent_to_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    found = diagnose()
    assert found.mode == "none" and "Linux" in remedy(found) and "--unsafe-no-sandbox" in remedy(found)
    with pytest.raises(IsolationError, match="in a virtual machine with Linux"):
        Zygote(preload=[])


@pytest.mark.sandbox
def test_both_walls_stand_here() -> None:
    require("sandbox")
    found = diagnose()
    assert (found.mode, found.reason, remedy(found)) == ("warm", "", "")


@pytest.mark.sandbox
def test_a_user_without_namespaces_is_told_which_setting_it_is(tmp_path: Path) -> None:
    require("sandbox")
    command = as_ordinary_user([sys.executable, "-c", FEW_NAMESPACES], tmp_path)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": "/nowhere"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, cwd="/", check=False)
    assert done.returncode == 0, done.stderr
    mode, reason, advice = json.loads(done.stdout)
    assert mode == "none" and reason.startswith("outer wall: bubblewrap does not run here")
    assert "as root, sysctl -w user.max_user_namespaces=" in advice
