"""Sleep for ever.

tries: sleep without using the processor
gains: the grader's time
must: ended from outside at the limit of wall time
"""

BARE = False
STATUS = ("timeout",)
CPU, WALL = 5.0, 0.5

CELL = r"""
import time
time.sleep(1000)
"""
