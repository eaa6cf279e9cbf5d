"""Print without end.

tries: 300 MB on standard output, half of it in one line
gains: a notebook that no browser opens, a full disk, a grader without memory
must: outputs are cut, and the run goes on
"""

CELL = """
import sys

sys.stdout.write("x" * 150_000_000)
for _ in range(150):
    print("y" * 1_000_000)
"""
