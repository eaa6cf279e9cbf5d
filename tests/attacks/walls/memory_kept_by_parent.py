"""Take memory before children are made.

tries: fill memory, fork, and so share every page, so that no process has a page of its own
gains: pages that are private to nobody are counted by nobody
must: shared pages count once: no harm in the fork itself, and more of them end the kernel
"""

from dataclasses import replace

from tests.attacks.scene import SMALL

BARE = False
STATUS = ("memory", "error")
CPU, WALL = 5.0, 20.0
LIMITS = replace(SMALL, memory_mb=350)

CELL = r"""
import os, time
kept = []
for _ in range(4):
    kept.append(bytearray(os.urandom(1 << 20)) * 100)
    if os.fork() == 0:
        time.sleep(30)
        os._exit(0)
    time.sleep(0.3)
time.sleep(30)
"""
