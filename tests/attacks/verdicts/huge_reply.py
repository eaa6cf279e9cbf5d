"""A reply of gigabytes.

tries: a list of large strings
gains: a crash of the tester instead of a lost point
must: the size is refused, and the test fails
"""

CELL = """
def scale(x):
    return ["x" * (1 << 20)] * 64
"""

ONE = False

MATCH = """too large"""
