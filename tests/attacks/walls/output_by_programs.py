"""Print gigabytes past Python.

tries: write to the descriptors from a program and from C
gains: a full pipe, the worker's memory
must: a file of limited size takes it, the first part is kept
"""

BARE = False
CPU, WALL = 5.0, 20.0

CELL = r"""
import os
os.system("yes")
print("after")
"""


def check(outputs, scene) -> None:
    assert outputs.truncated and len(str(outputs.outputs)) < 300_000
