"""Read the course's repository.

tries: list the folder from which the grader runs, and what lies beside the package
gains: source notebooks with solutions and hidden tests
must: only the package itself is there, in a place of its own
"""

CELL = r"""
import os
for folder in ("@course@", "@course@/tests", "/course/tests", "/course/source", "/course/solutions", "/course/class"):
    if os.path.isdir(folder):
        print("loot:", folder, os.listdir(folder)[:5])
"""
