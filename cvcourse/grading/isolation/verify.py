"""The look from outside at a process behind the walls, before it gets the first byte of student code.

Whatever went wrong inside, in whichever step, a kernel that is not shut is not used.
"""

import os
import stat
from pathlib import Path

from cvcourse.grading.isolation.errors import IsolationError

NAMESPACES = ("user", "mnt", "pid", "net", "ipc", "uts")
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
WRITABLE = ("/tmp", "/home/student", "/desk", "/dev/shm")
_WRITABLE_KINDS = {"tmpfs", "devpts", "devtmpfs"}


def status(pid: int) -> dict[str, str]:
    """/proc/PID/status as a dictionary."""
    with open(f"/proc/{pid}/status") as file:
        return {name: value.strip() for name, value in (line.split(":", 1) for line in file)}


def namespaces(pid: int | str) -> dict[str, str]:
    """The identity of each namespace of a process."""
    return {name: os.readlink(f"/proc/{pid}/ns/{name}") for name in NAMESPACES}


def verify_zygote(pid: int, *, root: bool) -> None:
    """Raise `IsolationError` unless the zygote is behind bubblewrap's wall and without rights."""
    faults = _rights_faults(status(pid))
    own, its = namespaces("self"), namespaces(pid)
    faults += [
        f"shares our {name} namespace" for name in own if own[name] == its[name] and not (root and name == "user")
    ]
    faults += [fault for fault in _mount_faults(pid) if not fault.endswith(" /proc")]
    if faults:
        raise IsolationError(f"outer wall: the pre-warmed process {'; '.join(faults)}")


def verify_kernel(pid: int, zygote_pid: int, *, descriptors: int, warm: bool, root: bool) -> None:
    """Raise `IsolationError` unless the kernel is behind both walls, shut, and holds nothing but its own descriptors.

    A cold kernel (`warm` false) has bubblewrap's wall alone: its namespaces are its zygote's, and where the worker is
    root its user namespace is ours.
    """
    found = status(pid)
    faults = _rights_faults(found)
    if found["Seccomp"] != "2":
        faults.append("has no system-call filter")
    if found["Threads"] != "1":
        faults.append(f"has {found['Threads']} threads")
    own, its, zygotes = namespaces("self"), namespaces(pid), namespaces(zygote_pid)
    exempt = "user" if root and not warm else None
    faults += [f"shares our {name} namespace" for name in own if own[name] == its[name] and name != exempt]
    if warm:
        faults += [f"shares the {name} namespace of its siblings" for name in its if its[name] == zygotes[name]]
        if found["NSpid"].split()[-1] != "1":
            faults.append("is not the first process of its namespace")
    held = len(os.listdir(f"/proc/{pid}/fd"))
    if held != 3 + descriptors:
        faults.append(f"holds {held} descriptors instead of {3 + descriptors}")
    faults += _mount_faults(pid)
    if faults:
        raise IsolationError(f"inner wall: a kernel {'; '.join(faults)}")


def _rights_faults(found: dict[str, str]) -> list[str]:
    faults = [f"has capabilities ({name} {found[name]})" for name in CAPABILITY_SETS if int(found[name], 16)]
    if found["NoNewPrivs"] != "1":
        faults.append("may gain rights (no_new_privs is not set)")
    if "0" in found["Uid"].split():
        faults.append("runs as root")
    return faults


def _mount_faults(pid: int) -> list[str]:
    """Every mount must be read-only, or one of those that are the kernel's own."""
    mounts = {}
    for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
        before, after = line.split(" - ", 1)
        target, options = before.split()[4:6]
        mounts[target] = (after.split()[0], options.split(","))  # a later mount covers an earlier one
    faults = []
    for target, (kind, options) in mounts.items():
        own = target in WRITABLE or target == "/dev/pts" or _is_device(pid, target)
        if "ro" not in options and not (own and kind in _WRITABLE_KINDS):
            faults.append(f"can write to {target}")
    return faults


def _is_device(pid: int, target: str) -> bool:
    """Whether `target` is one of the few harmless devices that bubblewrap binds: null, zero, full, random ..."""
    path = Path(f"/proc/{pid}/root{target}")
    return target.startswith("/dev/") and stat.S_ISCHR(path.stat().st_mode) and os.major(path.stat().st_rdev) in (1, 5)
