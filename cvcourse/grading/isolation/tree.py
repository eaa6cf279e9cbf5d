"""All processes of one kernel, as Linux shows them to the worker: their CPU time and their memory.

They are listed through the kernel's own /proc, opened from outside: exactly the processes of its namespace, however
fast they fork. What cannot be read raises, and the watcher then ends the kernel.
"""

import contextlib
import os
import re
from dataclasses import dataclass

TICKS = os.sysconf("SC_CLK_TCK")
FREE_DESCRIPTORS = 8
DESCRIPTOR_KB = 416
"""The most that a socket pair's end or a pipe keeps unseen in its queue with Linux's default buffers (2 x 208 KiB)."""

_SHARED = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) ...s \S+ (\S+) (\d+) .*/(?:dev/zero|memfd:|SYSV)", re.MULTILINE)
_GONE = (FileNotFoundError, ProcessLookupError)


@dataclass(frozen=True)
class Memory:
    """KiB of memory by kind."""

    resident: int
    """Anonymous and shared pages, swap, page tables; what is shared with the zygote included."""
    files: int
    """Written to the scratch file systems."""
    descriptors: int
    """What open descriptors may hold."""

    @property
    def total(self) -> int:
        return self.resident + self.files + self.descriptors


class Tree:
    """The processes of the kernel whose process id, seen from here, is `pid`.

    `scratch` are the folders that it may write to. `trusted` are processes, as the kernel counts them, that are not its
    own: of a cold kernel the zygote, process 1, whose memory nobody but root may look at.
    """

    def __init__(self, pid: int, scratch: tuple[str, ...], trusted: frozenset[str] = frozenset()) -> None:
        self._trusted = trusted
        self._proc = os.open(f"/proc/{pid}/root/proc", os.O_RDONLY | os.O_DIRECTORY)
        self._scratch = [os.open(f"/proc/{pid}/root{path}", os.O_RDONLY | os.O_DIRECTORY) for path in scratch]
        self._seen: dict[tuple[str, bytes], int] = {}

    def close(self) -> None:
        """Let go of the descriptors, which keep the kernel's file systems alive."""
        for descriptor in (self._proc, *self._scratch):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def processes(self) -> list[str]:
        """Process ids, as the kernel itself counts them."""
        return [name for name in os.listdir(self._proc) if name.isdigit() and name not in self._trusted]

    def cpu_seconds(self) -> float:
        """CPU seconds of the tree so far, those of processes that ended included.

        Linux adds an ended child to its parent's account, but not where the parent ignores SIGCHLD: so the last figure
        seen of each process counts too, and the larger sum holds.
        """
        living = 0
        for pid in self.processes():
            with contextlib.suppress(*_GONE):
                fields = self._read(f"{pid}/stat").rpartition(b")")[2].split()
                own, children = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))
                living += own + children
                self._seen[pid, fields[19]] = own
        return max(living, sum(self._seen.values())) / TICKS

    def threads(self) -> int:
        """Threads of all processes."""
        count = 0
        for pid in self.processes():
            with contextlib.suppress(*_GONE):
                count += int(self._read(f"{pid}/stat").rpartition(b")")[2].split()[17])
        return count

    def memory(self, *, exact: bool) -> Memory:
        """Memory of the tree. Quick figures count a page once for each process that has it, exact ones once."""
        resident = descriptors = 0
        shared: dict[tuple[bytes, bytes], int] = {}
        for pid in self.processes():
            with contextlib.suppress(*_GONE):
                if exact:
                    resident += self._proportional(pid)
                    self._add_shared(pid, shared)
                else:
                    resident += self._resident(pid)
                descriptors += max(0, len(self._list(f"{pid}/fd")) - FREE_DESCRIPTORS) * DESCRIPTOR_KB
        # Pages of a shared mapping stay when no process shows them any more: its size counts.
        return Memory(resident + sum(shared.values()), self._files(), descriptors)

    def private_kb(self) -> int:
        """KiB of pages that one process alone has written (Private_Dirty), over all of them."""
        total = 0
        for pid in self.processes():
            with contextlib.suppress(*_GONE):
                total += self._sum(f"{pid}/smaps_rollup", (b"Private_Dirty:",))
        return total

    def _resident(self, pid: str) -> int:
        return self._sum(f"{pid}/status", (b"RssAnon:", b"RssShmem:", b"VmSwap:", b"VmPTE:"))

    def _proportional(self, pid: str) -> int:
        return self._sum(f"{pid}/smaps_rollup", (b"Pss_Anon:", b"SwapPss:")) + self._sum(f"{pid}/status", (b"VmPTE:",))

    def _sum(self, path: str, names: tuple[bytes, ...]) -> int:
        return sum(int(line.split()[1]) for line in self._read(path).splitlines() if line.startswith(names))

    def _add_shared(self, pid: str, shared: dict[tuple[bytes, bytes], int]) -> None:
        sizes: dict[tuple[bytes, bytes], int] = {}
        for start, end, device, inode in _SHARED.findall(self._read(f"{pid}/maps")):
            sizes[device, inode] = sizes.get((device, inode), 0) + (int(end, 16) - int(start, 16) >> 10)
        for key, size in sizes.items():
            shared[key] = max(shared.get(key, 0), size)

    def _files(self) -> int:
        """KiB in the scratch file systems; those that are one and the same count once."""
        used = {}
        for descriptor in self._scratch:
            found = os.fstatvfs(descriptor)
            used[os.fstat(descriptor).st_dev] = (found.f_blocks - found.f_bfree) * found.f_frsize >> 10
        return sum(used.values())

    def _list(self, path: str) -> list[str]:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._proc)
        try:
            return os.listdir(descriptor)
        finally:
            os.close(descriptor)

    def _read(self, path: str) -> bytes:
        descriptor = os.open(path, os.O_RDONLY, dir_fd=self._proc)
        try:
            pieces = []
            while piece := os.read(descriptor, 1 << 16):
                pieces.append(piece)
            return b"".join(pieces)
        finally:
            os.close(descriptor)
