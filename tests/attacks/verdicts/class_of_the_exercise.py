"""A class that the test names, with operators that judge.

tries: a difference with the expected number, by the operators of the class that the exercise asks for
gains: points where a test subtracts what it expects from an object
must: an operator gives an object, or the test fails
"""

ONE = True

CELL = """
class Number:
    def __init__(self, value): self.value = value
    def __sub__(self, other): return 0.0
def scale(x):
    return Number(0)
"""

TEST = "Number\nassert abs(scale(3) - 6) < 1e-6\n"
