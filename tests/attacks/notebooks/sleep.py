"""Sleep.

tries: a cell that uses no CPU seconds and does not end
gains: a grader that waits for ever
must: it ends within the limit on the wall
"""

CELL = """
import time

while True:
    try:
        time.sleep(1000)
    except BaseException:
        pass
"""
