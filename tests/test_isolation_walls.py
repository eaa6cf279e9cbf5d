"""Both walls are there or named as missing, as root and as an ordinary user; everything ends with the worker."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cvcourse.grading.isolation import IsolationError, Limits, Zygote, bubblewrap, selftest, verify
from tests.conftest import ROOT
from tests.ordinary_user import UID, as_ordinary_user
from tests.requirements import require

pytestmark = pytest.mark.sandbox
LIMITS = {"cpu_seconds": 20.0, "wall_seconds": 80.0}

WORKER = '''
import json, os, sys, warnings
warnings.simplefilter("error")
from cvcourse.grading.isolation import Limits, Zygote
GREEDY = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        mine = bytearray(os.urandom(1 << 20)) * 100
        time.sleep(30)
time.sleep(30)
"""
with Zygote(preload=["numpy"], mode=sys.argv[1], limits=Limits(memory_mb=200)) as zygote:
    with zygote.spawn() as kernel:
        outputs = kernel.run("import os; os.system('echo hello'); print(os.getuid())", cpu_seconds=20, wall_seconds=80)
        greedy = kernel.run(GREEDY, cpu_seconds=20, wall_seconds=80)
print(json.dumps([os.geteuid(), zygote.mode, outputs.text, greedy.status]))
'''


def run_worker(command: list[str]) -> list:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HOME": "/nowhere"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment, cwd="/", check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("mode", ["warm", "cold"])
def test_an_ordinary_user_builds_the_same_walls(mode: str, tmp_path: Path) -> None:
    require("sandbox")
    command = as_ordinary_user([sys.executable, "-c", WORKER, mode], tmp_path)
    user, got_mode, text, greedy = run_worker(command)
    expected = UID if os.geteuid() == 0 else os.geteuid()
    assert (user, got_mode, text) == (expected, mode, f"hello\n{expected}\n")
    assert greedy == "memory"


@pytest.mark.skipif(os.geteuid() != 0, reason="the tests do not run as root")
def test_root_can_start_cold_kernels_too() -> None:
    require("sandbox")
    user, mode, text, greedy = run_worker([sys.executable, "-c", WORKER, "cold"])
    assert (user, mode, greedy) == (0, "cold", "memory")
    assert int(text.split()[1]) > bubblewrap.FIRST_UID


def test_everything_ends_when_the_worker_is_killed(tmp_path: Path) -> None:
    require("sandbox")
    source = (
        "import sys, time\n"
        "from cvcourse.grading.isolation import Zygote\n"
        "zygote = Zygote(preload=[], mode='warm')\n"
        "kernel = zygote.spawn()\n"
        "cell = 'import os\\nif os.fork() == 0:\\n    os.setsid()\\nwhile True: pass'\n"
        "kernel.start(cell, cpu_seconds=60, wall_seconds=60).send()\n"
        "print(zygote.pid, kernel.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, env=environment) as worker:
        pids = worker.stdout.readline().split()
        time.sleep(0.5)
        assert all(Path(f"/proc/{pid}").exists() for pid in pids) and len(pids) == 2
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, "something outlived the worker"
        time.sleep(0.05)


def test_the_look_from_outside_sees_each_thing_that_is_open(zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    with zygote.spawn() as kernel:
        look = {"descriptors": 1, "warm": True, "root": os.geteuid() == 0}
        verify.verify_kernel(kernel.pid, zygote.pid, **look)
        real = verify.status(kernel.pid)
        spoilt = {
            "CapEff": ("00000000000000ff", "capabilities"),
            "NoNewPrivs": ("0", "may gain rights"),
            "Uid": ("0\t0\t0\t0", "runs as root"),
            "Seccomp": ("0", "no system-call filter"),
            "Threads": ("2", "2 threads"),
            "NSpid": ("5\t4\t3", "not the first process"),
        }
        for name, (value, message) in spoilt.items():
            monkeypatch.setattr(verify, "status", lambda pid, name=name, value=value: real | {name: value})
            with pytest.raises(IsolationError, match=f"inner wall.*{message}"):
                verify.verify_kernel(kernel.pid, zygote.pid, **look)
        monkeypatch.undo()
        with pytest.raises(IsolationError, match="holds 4 descriptors instead of 3"):
            verify.verify_kernel(kernel.pid, zygote.pid, **look | {"descriptors": 0})
        with pytest.raises(IsolationError, match="shares the net namespace of its siblings"):
            verify.verify_kernel(zygote.pid, zygote.pid, **look)


def test_an_open_process_is_behind_no_wall() -> None:
    with pytest.raises(IsolationError, match=r"outer wall.*may gain rights.*shares our mnt namespace.*can write to"):
        verify.verify_zygote(os.getpid(), root=False)


def test_the_self_test_names_the_wall_that_is_missing(zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    doors = (("outer wall", "the moon can be seen", "True"), ("inner wall", "nothing", "open('/nowhere')"))
    with zygote.spawn() as kernel:
        selftest.probe(kernel)
        monkeypatch.setattr(selftest, "_DOORS", doors)
        with pytest.raises(IsolationError, match=r"^outer wall: the moon can be seen$"):
            selftest.probe(kernel)


def test_a_module_that_cannot_be_imported_is_named() -> None:
    require("sandbox")
    with pytest.raises(IsolationError, match="No module named 'there_is_no_such_module'"):
        Zygote(preload=["there_is_no_such_module"])


def test_limits_are_checked() -> None:
    for wrong in (0, -1, 1.5, True, "2"):
        with pytest.raises(ValueError, match="limit memory_mb"):
            Limits(memory_mb=wrong)
