"""Crash the interpreter.

tries: allow the system's crash handler, then write to address 0
gains: a handler that runs as root on what the student prepared, or a worker that waits for ever
must: the kernel is gone, the run says so at once
"""

BARE = False
STATUS = ("died",)

CELL = r"""
import ctypes, resource
try:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # with 0 a crash handler of the system would run, as root
    print("loot: a crash handler")
except (OSError, ValueError) as error:
    print(error)
ctypes.memset(0, 0, 1)
"""
