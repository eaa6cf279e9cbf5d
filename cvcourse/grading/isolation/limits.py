"""The limits of one kernel: plain numbers that cross to the zygote as JSON."""

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class Limits:
    """What one kernel may use, all its processes together unless it says otherwise.

    `RLIMIT_NPROC` is counted per user namespace from Linux 5.14 on; before that all kernels of a user share it.
    """

    memory_mb: int = 2048
    """Memory that is not shared with the zygote, in MiB; each process also has it as its address-space limit.

    The watcher adds what the zygote itself has, since a kernel's processes show the zygote's pages as theirs: a kernel
    of many processes that lets go of these pages can have that much more.
    """
    cpu_seconds: int = 600
    """CPU seconds of the kernel's whole life; each run has its own, smaller limit."""
    processes: int = 64
    """Processes and threads."""
    open_files: int = 256
    """Open descriptors of one process."""
    file_mb: int = 64
    """Size of one file, in MiB."""
    scratch_mb: int = 128
    """Everything written to the home, working, temporary and shared-memory folders, in MiB."""
    output_kb: int = 1024
    """What one run may show, in KiB; the rest is dropped and a line says so."""
    flood_mb: int = 64
    """A kernel that sends more than this in one run is killed, in MiB."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value < 1:
                raise ValueError(f"limit {field.name} must be a whole number above 0, not {value!r}")

    def as_dict(self) -> dict[str, int]:
        return asdict(self)
