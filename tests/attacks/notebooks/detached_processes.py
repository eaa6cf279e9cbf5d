"""Stay.

tries: processes detached twice that ignore signals and wait for others' submissions
gains: to read and write when the grader no longer looks
must: none outlives the kernel
"""

CELL = """
import os
import pathlib
import signal
import time

for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        time.sleep(4)
        for path in pathlib.Path("@class@").glob("submitted/@other@/*/*.ipynb"):
            path.write_text("planted by @name@!")
        time.sleep(60)
        os._exit(0)
"""
