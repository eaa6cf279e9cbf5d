"""Start as many processes as there can be.

tries: 50 processes in sessions of their own that stay for a minute (a real one would not stop there)
gains: a machine on which nothing else can start, and processes that outlive the run
must: their number is limited, and none is left
"""

CELL = """
import os
import time

for _ in range(50):
    try:
        if os.fork() == 0:
            os.setsid()
            time.sleep(60)
            os._exit(0)
    except OSError:
        break
"""
