"""The system-call filter of a kernel, as a program for Linux's classic packet filter (bpf).

A call of another architecture kills. clone3 answers ENOSYS, since its flags lie in memory that a filter cannot read;
the C library then uses clone, whose flags it can. Sockets are of the AF_UNIX family only. A call that is newer than the
reviewed ones answers ENOSYS, a denied one EPERM, everything else passes: the namespaces are the wall, the filter keeps
what is behind it from most of Linux's rarely used surface.
Source: Documentation/userspace-api/seccomp_filter.rst of Linux.
"""

import errno
import struct
from enum import IntEnum

from cvcourse.grading.isolation.inside.syscalls import NEWEST_REVIEWED, Table

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data; an argument has 8 bytes, low half first
CLONE_NEW_ANY = 0x7E020000 | 0x80  # every CLONE_NEW*; 0x80 is CLONE_NEWTIME
AF_UNIX = 1
RLIMIT_CORE = 4
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # type into a terminal


class Op(IntEnum):
    """The instructions that the filter uses."""

    LOAD = 0x20
    EQUAL = 0x15
    GREATER = 0x25
    ANY_BIT = 0x45
    RETURN = 0x06


Instruction = tuple[Op, int, int, int]  # operation, instructions to skip if true, if false, operand


def _refuse(number: int, error: int) -> list[Instruction]:
    return [(Op.EQUAL, 0, 1, number), (Op.RETURN, 0, 0, ERRNO | error)]


def _only_unix(number: int) -> list[Instruction]:
    """A call whose first argument must be AF_UNIX."""
    return [
        (Op.EQUAL, 0, 4, number),
        (Op.LOAD, 0, 0, ARGUMENTS),
        (Op.EQUAL, 1, 0, AF_UNIX),
        (Op.RETURN, 0, 0, ERRNO | errno.EAFNOSUPPORT),
        (Op.RETURN, 0, 0, ALLOW),
    ]


def _keep_core_limit(table: Table) -> list[Instruction]:
    """Refuse to set RLIMIT_CORE: it is 1, and with 0 a crash would start the system's crash handler, as root."""
    return [
        (Op.EQUAL, 0, 4, table.setrlimit),
        (Op.LOAD, 0, 0, ARGUMENTS),
        (Op.EQUAL, 0, 1, RLIMIT_CORE),
        (Op.RETURN, 0, 0, ERRNO | errno.EPERM),
        (Op.RETURN, 0, 0, ALLOW),
        (Op.EQUAL, 0, 8, table.prlimit64),
        (Op.LOAD, 0, 0, ARGUMENTS + 8),
        (Op.EQUAL, 0, 5, RLIMIT_CORE),
        (Op.LOAD, 0, 0, ARGUMENTS + 16),  # the new limits' address; 0 only asks for the present ones
        (Op.EQUAL, 0, 2, 0),
        (Op.LOAD, 0, 0, ARGUMENTS + 20),
        (Op.EQUAL, 1, 0, 0),
        (Op.RETURN, 0, 0, ERRNO | errno.EPERM),
        (Op.RETURN, 0, 0, ALLOW),
    ]


def instructions(table: Table) -> list[Instruction]:
    """The filter for one architecture."""
    program: list[Instruction] = [
        (Op.LOAD, 0, 0, ARCHITECTURE),
        (Op.EQUAL, 1, 0, table.audit),
        (Op.RETURN, 0, 0, KILL),
        (Op.LOAD, 0, 0, NUMBER),
        # Also refuses x86-64's x32 calls, whose numbers have bit 30 set.
        (Op.GREATER, 0, 1, NEWEST_REVIEWED),
        (Op.RETURN, 0, 0, ERRNO | errno.ENOSYS),
        *_refuse(table.clone3, errno.ENOSYS),
    ]
    for number in table.denied:
        program += _refuse(number, errno.EPERM)
    program += _only_unix(table.socket) + _only_unix(table.socketpair)
    program += _keep_core_limit(table)
    program += [
        (Op.EQUAL, 0, 4, table.clone),
        (Op.LOAD, 0, 0, ARGUMENTS),
        (Op.ANY_BIT, 0, 1, CLONE_NEW_ANY),
        (Op.RETURN, 0, 0, ERRNO | errno.EPERM),
        (Op.RETURN, 0, 0, ALLOW),
        (Op.EQUAL, 0, 5, table.ioctl),
        (Op.LOAD, 0, 0, ARGUMENTS + 8),
        (Op.EQUAL, 1, 0, TIOCSTI),
        (Op.EQUAL, 0, 1, TIOCLINUX),
        (Op.RETURN, 0, 0, ERRNO | errno.EPERM),
        (Op.RETURN, 0, 0, ALLOW),
        (Op.RETURN, 0, 0, ALLOW),
    ]
    return program


def assemble(program: list[Instruction]) -> bytes:
    """The program as an array of `struct sock_filter`."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
