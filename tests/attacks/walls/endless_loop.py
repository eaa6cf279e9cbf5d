"""Loop for ever and ignore all signals.

tries: catch every signal and every exception in a busy loop
gains: the grader's time
must: ended from outside at the limit of CPU seconds
"""

BARE = False
STATUS = ("timeout",)
CPU, WALL = 0.5, 20.0

CELL = r"""
import signal
for number in range(1, 32):
    try:
        signal.signal(number, lambda *a: None)
    except (OSError, ValueError):
        pass
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""


def check(outputs, scene) -> None:
    assert "CPU seconds" in outputs.reason and outputs.cpu_seconds < 3
