"""Raise an error whose text never ends.

tries: an exception whose __str__ runs for ever, and one whose __repr__ ends the process
gains: a grader that hangs while it reports
must: it costs the test, not the notebook's time beyond its limit, and not the class
"""

CELL = """
import os

class Endless(Exception):
    def __str__(self):
        while True:
            pass

class Deadly(Exception):
    def __str__(self):
        os._exit(0)
"""

ANSWERS = {
    "scale": """def scale(x):
    raise Deadly
""",
    "total": """def total(values):
    raise Endless
""",
}
