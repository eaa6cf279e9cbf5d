"""Write to the system.

tries: files in every folder of the system, of Python, of the packages and of the course; a sitecustomize.py
gains: code that runs with the next student or with the grader
must: everything but the kernel's own folders is read-only
"""

CELL = r"""
import glob, os, site, sys
places = ["/", "/usr", "/usr/bin", "/etc", "/packages/0", "/packages/0/numpy", "/python", "/course", "/course/cvcourse",
          "/home", "/dev", "/proc", "/var", "/run", "/root", "@folder@", os.path.dirname(os.__file__)]
for place in places:
    path = os.path.join(place, "cvcourse_planted_by_a_test.py")
    try:
        with open(path, "w") as file:
            file.write("print('planted')")
        os.unlink(path)
        print("loot: wrote to", place)
    except OSError as error:
        print(error)
"""
