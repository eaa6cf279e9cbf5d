"""A reply without end.

tries: a list that contains itself
gains: a crash of the tester instead of a lost point
must: the depth is refused, and the test fails
"""

CELL = """
def scale(x):
    result = []
    result.append(result)
    return result
"""

ONE = False

MATCH = """nested too deeply"""
