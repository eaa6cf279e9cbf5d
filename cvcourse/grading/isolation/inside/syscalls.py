"""System-call numbers by architecture, and which calls a kernel may not make.

The numbers are those of the Linux headers (`asm/unistd_64.h`; `asm-generic/unistd.h` for aarch64). Where libseccomp is
installed a test compares every one with the library's table; nothing of it is needed at run time. From number 424 on
all architectures share the numbers. Run so far: x86-64. aarch64 was compared with libseccomp's table, not run.
"""

import platform
from dataclasses import dataclass

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""<linux/audit.h>: what the filter sees as the architecture of a call."""

NEWEST_REVIEWED = 462
"""`mseal`, Linux 6.10: a call with a higher number answers ENOSYS, as on an older Linux."""

# name: (x86_64, aarch64); None where the architecture has no such call.
NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "ioctl": (16, 29),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "setrlimit": (160, 164),
    "prlimit64": (302, 261),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # namespaces and file systems
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    # parts of Linux with many past faults that no exercise needs
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "vmsplice": (278, 75),
    "personality": (135, 92),
    # memory that no limit of a process counts
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    # the machine
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "iopl": (172, None),
    "ioperm": (173, None),
    "uselib": (134, None),
    "vhangup": (153, 58),
    "lookup_dcookie": (212, 18),
}

_HANDLED_APART = {"clone", "clone3", "ioctl", "socket", "socketpair", "setrlimit", "prlimit64"}
_COLUMN = {"x86_64": 0, "aarch64": 1}


@dataclass(frozen=True)
class Table:
    """The numbers of one architecture."""

    architecture: str
    audit: int
    clone: int
    clone3: int
    ioctl: int
    socket: int
    socketpair: int
    setrlimit: int
    prlimit64: int
    denied: tuple[int, ...]


def table(architecture: str | None = None) -> Table:
    """The numbers of `architecture`, by default this machine's. Raises `OSError` for one that is not in the table."""
    architecture = architecture or platform.machine()
    if architecture not in _COLUMN:
        raise OSError(f"no system-call table for {architecture}: kernels can be walled in on {', '.join(_COLUMN)}")
    column = _COLUMN[architecture]
    apart = {name: NUMBERS[name][column] for name in _HANDLED_APART}
    denied = {numbers[column] for name, numbers in NUMBERS.items() if name not in _HANDLED_APART} - {None}
    return Table(architecture, AUDIT_ARCH[architecture], **apart, denied=tuple(sorted(denied)))
