"""Work in children that vanish.

tries: short-lived children, whose time nobody collects since SIGCHLD is ignored
gains: CPU time beyond the limit
must: the time last seen of each process counts
"""

BARE = False
STATUS = ("timeout",)
CPU, WALL = 1.0, 20.0

CELL = r"""
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        end = time.process_time() + 0.4
        while time.process_time() < end:
            pass
        os._exit(0)
    time.sleep(0.35)
"""


def check(outputs, scene) -> None:
    assert "CPU seconds" in outputs.reason
