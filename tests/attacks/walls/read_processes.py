"""Look at other processes.

tries: list /proc for processes that are not its own, and read their command lines
gains: paths, secrets in arguments, targets for signals
must: the kernel's own /proc shows its own processes alone
"""

CELL = r"""
import os
own = {str(os.getpid())}
others = [pid for pid in os.listdir("/proc") if pid.isdigit() and pid not in own]
for pid in others:
    print("loot:", pid, open(f"/proc/{pid}/comm").read())
"""
