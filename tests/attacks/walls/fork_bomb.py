"""Fork without end.

tries: every process forks as fast as it can
gains: the machine
must: a limit of processes per kernel; all of them end with it
"""

BARE = False
STATUS = ("timeout",)
CPU, WALL = 1.0, 3.0

CELL = r"""
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
