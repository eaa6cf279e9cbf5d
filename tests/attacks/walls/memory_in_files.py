"""Take memory in files.

tries: fill every folder, since they all live in memory
gains: the machine's memory
must: one file system of limited size behind all of them: an error in the cell
"""

from tests.attacks.scene import SMALL

BARE = False

CELL = r"""
import os
written = 0
for place in ("/tmp", "/desk", "/home/student", "/dev/shm"):
    for number in range(10):
        try:
            with open(f"{place}/{number}", "wb", buffering=0) as file:
                while True:
                    written += file.write(bytes(1 << 20))
        except OSError as error:
            pass
print(written >> 20)
"""


def check(outputs, scene) -> None:
    assert outputs.status == "memory" or int(outputs.text) <= SMALL.scratch_mb
