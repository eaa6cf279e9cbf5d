"""Trace another process.

tries: ptrace attach to every low process id and to those that it was told
gains: to change what the tester computes
must: ptrace is refused, also on its own children
"""

CELL = r"""
import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if child == 0:
    time.sleep(2)
    os._exit(0)
PTRACE_SEIZE = 0x4206
for pid in [child, @zygote@, @tester@, *range(1, 20)]:
    if pid != os.getpid() and libc.ptrace(PTRACE_SEIZE, pid, None, None) == 0:
        print("loot: traces", pid)
"""
