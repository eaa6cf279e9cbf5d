"""Take all memory.

tries: 3 GB, written to, in the kernel and in a child
gains: a machine that kills other processes
must: it ends at the limit, and nobody else does
"""

CELL = """
import os

if os.fork() == 0:
    held = bytearray(b"x") * (1 << 30)
    os._exit(0)
held = [bytearray(b"x") * (1 << 28) for _ in range(8)]
os.wait()
"""
