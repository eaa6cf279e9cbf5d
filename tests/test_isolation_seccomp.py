"""The system-call filter: its numbers are the system's, and it decides as it says, on both architectures.

The filter is run here by an interpreter of the few instructions that it uses, so that aarch64's is tried too.
"""

import ctypes
import ctypes.util
import errno
import platform
import struct

import pytest

from cvcourse.grading.isolation.inside import syscalls
from cvcourse.grading.isolation.inside.seccomp import ALLOW, ERRNO, KILL, Op, assemble, instructions

ARCHITECTURES = ["x86_64", "aarch64"]
CLONE_THREAD_FLAGS = 0x3D0F00
SIGCHLD = 17


def decide(architecture: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """What the filter of `architecture` answers to a call."""
    table = syscalls.table(architecture)
    data = struct.pack("<iIQ6Q", number, audit or table.audit, 0, *arguments, *[0] * (6 - len(arguments)))
    program = list(struct.iter_unpack("=HBBI", assemble(instructions(table))))
    position = accumulator = 0
    while True:
        operation, if_true, if_false, operand = program[position]
        position += 1
        if operation == Op.LOAD:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif operation == Op.RETURN:
            return operand
        else:
            tests = {
                Op.EQUAL: accumulator == operand,
                Op.GREATER: accumulator > operand,
                Op.ANY_BIT: bool(accumulator & operand),
            }
            position += if_true if tests[Op(operation)] else if_false


def number(architecture: str, name: str) -> int:
    found = syscalls.NUMBERS[name][ARCHITECTURES.index(architecture)]
    assert found is not None
    return found


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_numbers_are_those_of_libseccomp(architecture: str) -> None:
    path = ctypes.util.find_library("seccomp")
    if path is None:
        pytest.skip("libseccomp is not installed here")
    resolve = ctypes.CDLL(path).seccomp_syscall_resolve_name_arch
    resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    for name, numbers in syscalls.NUMBERS.items():
        ours = numbers[ARCHITECTURES.index(architecture)]
        theirs = resolve(syscalls.AUDIT_ARCH[architecture], name.encode())
        assert ours == theirs if ours is not None else theirs < 0, name


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_ordinary_calls_pass(architecture: str) -> None:
    read, write, execve = {"x86_64": (0, 1, 59), "aarch64": (63, 64, 221)}[architecture]
    for call in (read, write, execve):
        assert decide(architecture, call) == ALLOW
    assert decide(architecture, number(architecture, "socket"), 1, 1, 0) == ALLOW
    assert decide(architecture, number(architecture, "clone"), SIGCHLD) == ALLOW
    assert decide(architecture, number(architecture, "clone"), CLONE_THREAD_FLAGS) == ALLOW
    assert decide(architecture, number(architecture, "ioctl"), 1, 0x5401) == ALLOW


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_denied_calls_are_refused(architecture: str) -> None:
    for name in ("ptrace", "mount", "unshare", "bpf", "io_uring_setup", "keyctl", "memfd_create", "shmget"):
        assert decide(architecture, number(architecture, name)) == ERRNO | errno.EPERM, name
    assert decide(architecture, number(architecture, "clone3")) == ERRNO | errno.ENOSYS
    for family in (2, 10, 16, 17, 40):
        for name in ("socket", "socketpair"):
            assert decide(architecture, number(architecture, name), family, 1, 0) == ERRNO | errno.EAFNOSUPPORT
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x80):
        assert decide(architecture, number(architecture, "clone"), flag | SIGCHLD) == ERRNO | errno.EPERM, hex(flag)
    for request in (0x5412, 0x541C):
        assert decide(architecture, number(architecture, "ioctl"), 0, request) == ERRNO | errno.EPERM


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_limit_of_core_dumps_can_be_read_but_not_set(architecture: str) -> None:
    refused, core, processes = ERRNO | errno.EPERM, 4, 6
    assert decide(architecture, number(architecture, "setrlimit"), core, 1234) == refused
    assert decide(architecture, number(architecture, "setrlimit"), processes, 1234) == ALLOW
    for address in (1234, 1 << 40):
        assert decide(architecture, number(architecture, "prlimit64"), 0, core, address, 0) == refused
        assert decide(architecture, number(architecture, "prlimit64"), 0, processes, address, 0) == ALLOW
    assert decide(architecture, number(architecture, "prlimit64"), 0, core, 0, 1234) == ALLOW


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_nobody_reviewed_does_not_exist(architecture: str) -> None:
    assert decide(architecture, syscalls.NEWEST_REVIEWED) == ALLOW
    assert decide(architecture, syscalls.NEWEST_REVIEWED + 1) == ERRNO | errno.ENOSYS
    assert decide(architecture, 0x40000000 | 1) == ERRNO | errno.ENOSYS


def test_a_call_of_another_architecture_kills() -> None:
    i386 = 0x40000003
    assert decide("x86_64", 20, audit=i386) == KILL
    assert decide("x86_64", 63, audit=syscalls.AUDIT_ARCH["aarch64"]) == KILL


def test_an_architecture_without_a_table_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(OSError, match="no system-call table for riscv64"):
        syscalls.table()
