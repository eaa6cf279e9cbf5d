"""Start threads without end.

tries: as many threads as can be had, all asleep
gains: the machine's process table
must: threads count as processes: a clear error in the cell
"""

BARE = False
STATUS = ("error",)

CELL = r"""
import threading, time
for count in range(10_000):
    threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
"""


def check(outputs, scene) -> None:
    assert "thread" in outputs.evalue
