"""Never reply.

tries: a function that sleeps for ever
gains: a tester that waits for ever
must: the tester gives up after its time, and everything after that fails at once
"""

CELL = """
def scale(x):
    import time
    while True:
        time.sleep(1)
"""

ONE = False

SECONDS = 2.0

MATCH = """in time|has ended"""
