"""Print gigabytes.

tries: print long lines in an endless loop
gains: the worker's memory, the notebook's size, the feedback page
must: the first part is kept, the rest is dropped where it comes from, the loop ends at its limit
"""

BARE = False
STATUS = ("timeout",)
CPU, WALL = 1.0, 20.0

CELL = r"""
while True:
    print("spam " * 1000)
"""


def check(outputs, scene) -> None:
    assert outputs.truncated and 30_000 < len(outputs.text) < 300_000
