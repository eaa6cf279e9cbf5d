"""The inner wall: one clone(2) into new namespaces, then everything that is shut before foreign code may run.

No privilege is needed: a user namespace of its own makes the child the master of its other namespaces until it gives
that up. The order matters; each step says what it needs.
"""

import contextlib
import ctypes
import functools
import os
import platform
import signal

from cvcourse.grading.isolation.inside import libc
from cvcourse.grading.isolation.inside.rlimits import set_limits
from cvcourse.grading.isolation.inside.seccomp import assemble, instructions
from cvcourse.grading.isolation.inside.syscalls import NUMBERS, table

DESK = "/desk"
HOME = "/home/student"
SCRATCH = "/scratch"
FOLDERS = {"home": HOME, "desk": DESK, "tmp": "/tmp", "shm": "/dev/shm"}
"""What a kernel may write to: the name inside the scratch file system, and where it appears."""

_NEW_NAMESPACES = (
    0x00020000  # CLONE_NEWNS, mounts
    | 0x02000000  # CLONE_NEWCGROUP
    | 0x04000000  # CLONE_NEWUTS
    | 0x08000000  # CLONE_NEWIPC
    | 0x10000000  # CLONE_NEWUSER
    | 0x20000000  # CLONE_NEWPID
    | 0x40000000  # CLONE_NEWNET
)


def fork_into_namespaces() -> int:
    """As `os.fork`, but the child is process 1 of new namespaces. The caller must have exactly one thread.

    The interpreter's own hooks before and after a fork are called as `os.fork` calls them. The order of clone's later
    arguments differs between architectures; all of them are zero.
    """
    number = NUMBERS["clone"][0 if platform.machine() == "x86_64" else 1]
    python = ctypes.pythonapi
    system = ctypes.PyDLL(None, use_errno=True)  # keeps the interpreter's lock, as a fork must
    zero = ctypes.c_ulong(0)
    python.PyOS_BeforeFork()
    pid = system.syscall(
        ctypes.c_long(number), ctypes.c_ulong(_NEW_NAMESPACES | signal.SIGCHLD), zero, zero, zero, zero
    )
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return 0
    number = ctypes.get_errno()
    python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, f"clone into new namespaces: {os.strerror(number)}")
    return pid


def enter(limits: dict[str, int], keep: list[int], uid: int, gid: int) -> None:
    """In the child of `fork_into_namespaces`: shut everything. Raises `OSError` if one thing cannot be shut.

    `keep` are the descriptors that stay open beside 0, 1 and 2; `uid` and `gid` those of the zygote.
    """
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
    close_all_but([0, 1, 2, *keep])
    for name, line in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        _write(f"/proc/self/{name}", line)
    os.setsid()
    _mount_own_file_systems(limits["scratch_mb"])
    _write("/proc/sys/user/max_user_namespaces", "0")  # of this user namespace: none below it
    flags = libc.MS_NOSUID | libc.MS_NODEV | libc.MS_NOEXEC | libc.MS_RDONLY
    libc.mount("proc", "/proc", "proc", flags)  # read-only: a process may not change what the grader set for it
    libc.set_host_name("sandbox")
    give_up_rights(limits)


def enter_cold(limits: dict[str, int], keep: list[int]) -> None:
    """In a plain child of a zygote that serves this one kernel: bubblewrap's namespaces are the only ones."""
    libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(libc.PR_SET_DUMPABLE, 1)  # the zygote is not, so that this kernel cannot open its memory
    close_all_but([0, 1, 2, *keep])
    os.setsid()
    give_up_rights(limits)


def give_up_rights(limits: dict[str, int]) -> None:
    """The last steps, which nothing undoes: limits, capabilities, no_new_privs, the system-call filter."""
    os.chdir(DESK)
    set_limits(limits)
    with contextlib.suppress(PermissionError):  # a cold kernel may not; its set was emptied before
        libc.drop_bounding_set()
    libc.drop_capabilities()
    libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    libc.set_filter(system_call_filter())


@functools.cache
def system_call_filter() -> bytes:
    """The program of the filter: the same for all kernels."""
    return assemble(instructions(table()))


def close_all_but(keep: list[int]) -> None:
    """Close every descriptor that is not in `keep`."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in keep:
            with contextlib.suppress(OSError):  # the one that listed the folder is closed already
                os.close(int(name))


def _mount_own_file_systems(megabytes: int) -> None:
    """One file system of limited size behind all folders that can be written, and terminals of its own."""
    libc.mount(None, "/", None, libc.MS_REC | libc.MS_PRIVATE)
    options = f"size={megabytes}m,nr_inodes=20000,mode=0755"
    libc.mount("tmpfs", SCRATCH, "tmpfs", libc.MS_NOSUID | libc.MS_NODEV, options)
    for name, target in FOLDERS.items():
        os.mkdir(f"{SCRATCH}/{name}", 0o700)
        libc.mount(f"{SCRATCH}/{name}", target, None, libc.MS_BIND)
    libc.unmount(SCRATCH, libc.MNT_DETACH)
    options = "newinstance,ptmxmode=0666,mode=620"
    libc.mount("devpts", "/dev/pts", "devpts", libc.MS_NOSUID | libc.MS_NOEXEC, options)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
