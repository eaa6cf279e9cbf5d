"""Take memory in many processes.

tries: children that each stay below the limit of one process
gains: the sum of them
must: the whole tree is watched and ended
"""

BARE = False
STATUS = ("memory",)
CPU, WALL = 5.0, 20.0

CELL = r"""
import os, time
for _ in range(8):
    if os.fork() == 0:
        mine = bytearray(os.urandom(1 << 20)) * 120
        time.sleep(30)
        os._exit(0)
time.sleep(30)
"""
