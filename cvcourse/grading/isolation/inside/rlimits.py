"""The limits that Linux itself keeps for each process of a kernel."""

import resource

MIB = 1 << 20


def _own_sizes() -> dict[str, int]:
    """Bytes of address space and of private writable memory that this process has already."""
    with open("/proc/self/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return {name: int(lines[name].split()[0]) << 10 for name in ("VmSize", "VmData")}


def set_limits(limits: dict[str, int]) -> None:
    """Set the resource limits of this process and of all it will start, for good."""
    own = _own_sizes()
    memory = limits["memory_mb"] * MIB
    values = {
        resource.RLIMIT_CORE: 1,  # none at all: with 0 Linux would still start a crash handler of the system
        resource.RLIMIT_CPU: limits["cpu_seconds"] + 2,  # after the worker's own, kinder limit
        resource.RLIMIT_FSIZE: limits["file_mb"] * MIB,
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_AS: own["VmSize"] + memory,
        resource.RLIMIT_DATA: own["VmData"] + memory,
        resource.RLIMIT_MEMLOCK: MIB,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for which, value in values.items():
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))
