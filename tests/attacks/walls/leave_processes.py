"""Leave processes that outlive the run.

tries: children in sessions of their own, detached twice, that ignore signals and sleep for a minute
gains: to write the gradebook when the grader no longer looks
must: all processes of the kernel's namespace end with its first one
"""

from pathlib import Path

BARE = False

CELL = r"""
import os, signal, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        if os.fork():
            os._exit(0)
        time.sleep(60)
        os._exit(0)
time.sleep(0.2)
print(len([pid for pid in os.listdir("/proc") if pid.isdigit()]), "processes")
"""


def check(outputs, scene) -> None:
    assert int(outputs.text.split()[0]) >= 6
    mine = set(Path(f"/proc/{scene.zygote.pid}/task/{scene.zygote.pid}/children").read_text().split())
    assert mine == {str(scene.tester.pid)}
