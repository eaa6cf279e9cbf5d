"""Send gigabytes past the kernel's own limit.

tries: write frames straight to the control socket
gains: the worker's memory and time
must: the kernel is ended after a few megabytes
"""

BARE = False
STATUS = ("output limit",)
CPU, WALL = 10.0, 20.0

CELL = r"""
import os
from cvcourse.grading.isolation import wire
from cvcourse.grading.isolation.inside.shell import capture
while True:
    capture._send({"operations": [["stream", "stdout", "x" * 50_000]]})
"""


def check(outputs, scene) -> None:
    assert len(str(outputs.outputs)) < 300_000
