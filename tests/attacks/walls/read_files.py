"""Read the grader's files.

tries: open the gradebook and the solution by their paths, and look for them from the root
gains: hidden tests, solutions, other students' points
must: the paths do not exist behind the walls
"""

CELL = r"""
import glob, os
for path in ["@folder@/gradebook.db", "@folder@/solution.ipynb", *glob.glob("@folder@/*"), "/etc/shadow"]:
    try:
        print("loot:", path, open(path).read(100))
    except OSError as error:
        print(error)
"""
