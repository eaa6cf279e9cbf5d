"""Read the instructor's environment.

tries: one's own variables and those of every process that can be seen
gains: tokens of the learning platform
must: the environment is empty, and no other process can be seen
"""

CELL = r"""
import os
import pathlib

print("loot:", os.environ.get("@variable@"))
for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
    try:
        words = path.read_bytes().split(b"\0")
    except OSError:
        continue
    print("loot:", [word for word in words if word.startswith(b"@variable@")])
"""
