"""Leave without a word.

tries: os._exit in the middle of a cell
gains: a worker that waits for ever
must: the kernel is gone, the run says so at once
"""

BARE = False
STATUS = ("died",)

CELL = r"""
import os
print("last words", flush=True)
os.system("echo of a program")
os._exit(0)
"""


def check(outputs, scene) -> None:
    assert "of a program" in outputs.text
