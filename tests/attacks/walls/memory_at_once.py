"""Take memory at once.

tries: one array of many gigabytes
gains: the machine's memory
must: refused by the limit of address space: an error in the cell
"""

BARE = False
STATUS = ("error",)

CELL = r"""
import numpy
numpy.ones(1 << 33)
"""


def check(outputs, scene) -> None:
    assert "Unable to allocate" in outputs.evalue
