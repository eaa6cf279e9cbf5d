"""Crash the interpreter.

tries: write to address 0, abort, run out of C stack
gains: a core dump, or a worker that waits for ever
must: the kernel is gone, the run says so at once
"""

BARE = False
STATUS = ("died",)

CELL = r"""
import ctypes
ctypes.memset(0, 0, 1)
"""
