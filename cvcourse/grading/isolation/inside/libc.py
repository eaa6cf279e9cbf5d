"""The few calls of the C library that Python does not offer. They raise `OSError` with what was tried."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)

# <sys/mount.h>, <linux/prctl.h>, <linux/capability.h>: the same numbers on every architecture.
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4
MADV_COLLAPSE = 25
_CAPABILITY_VERSION_3 = 0x20080522


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """mount(2)."""
    text = [None if part is None else part.encode() for part in (source, target, kind, options)]
    _check(_libc.mount(text[0], text[1], text[2], ctypes.c_ulong(flags), text[3]), f"mount {kind or source} {target}")


def unmount(target: str, flags: int = 0) -> None:
    """umount2(2)."""
    _check(_libc.umount2(target.encode(), flags), f"umount {target}")


def prctl(option: int, value: int | ctypes.c_void_p = 0) -> None:
    """prctl(2) with one argument."""
    argument = ctypes.c_ulong(value) if isinstance(value, int) else value
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(option, argument, zero, zero, zero), f"prctl {option} {value}")


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def set_filter(program: bytes) -> None:
    """Install a seccomp filter, given as the bytes of its `struct sock_filter`s; no_new_privs must be set."""
    buffer = ctypes.create_string_buffer(program, len(program))
    described = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    mode_filter, zero = ctypes.c_ulong(2), ctypes.c_ulong(0)
    _check(_libc.prctl(PR_SET_SECCOMP, mode_filter, ctypes.byref(described), zero, zero), "seccomp filter")


def set_host_name(name: str) -> None:
    """sethostname(2)."""
    _check(_libc.sethostname(name.encode(), len(name)), "sethostname")


def drop_bounding_set() -> None:
    """Empty the bounding and the ambient set: no program that is started later can gain a capability."""
    with open("/proc/sys/kernel/cap_last_cap") as file:
        last = int(file.read())
    for capability in range(last + 1):
        prctl(PR_CAPBSET_DROP, capability)
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)


def drop_capabilities() -> None:
    """Empty the effective, permitted and inheritable set."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def collapse(address: int, size: int) -> None:
    """madvise(2): put these bytes into huge pages, where that can be done."""
    _libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), MADV_COLLAPSE)
