"""Fail with an enormous message.

tries: an exception whose text and traceback have megabytes, and one whose text cannot be made
gains: the worker's memory, the feedback page
must: cut like any other output
"""

BARE = False
STATUS = ("error",)

CELL = r"""
class Odd(Exception):
    def __str__(self):
        raise RuntimeError("no text")
try:
    raise Odd
except Odd:
    pass
raise ValueError("x" * 5_000_000)
"""


def check(outputs, scene) -> None:
    assert len(str(outputs.outputs)) < 300_000 and len(outputs.evalue) <= 2000
