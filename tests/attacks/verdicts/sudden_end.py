"""End the process during the call.

tries: os._exit with the code of success
gains: nothing left that could fail
must: the test fails
"""

CELL = """
def scale(x):
    import os
    os._exit(0)
"""

ONE = False

MATCH = """has ended"""
