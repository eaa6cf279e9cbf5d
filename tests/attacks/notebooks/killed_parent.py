"""Kill the grader.

tries: the process that started the kernel is sent SIGKILL
gains: nobody else is graded
must: it cannot be seen
"""

CELL = """
import os
import signal

parent = os.getppid()
if parent > 1:
    os.kill(parent, signal.SIGKILL)
"""
