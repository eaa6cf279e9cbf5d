"""Lock the gradebook.

tries: a transaction on the gradebook that a process left behind does not end
gains: grading stops for the whole class
must: there is no gradebook, and no process is left behind
"""

CELL = '''
import subprocess
import sys

code = r"""
# planted by @name@!
import pathlib, sqlite3, time
held = []
for path in pathlib.Path("@course@").rglob("gradebook.db"):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("begin exclusive")
    held.append(database)
time.sleep(60)
"""
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
subprocess.Popen([sys.executable, "-c", code], start_new_session=True, **quiet)
'''
