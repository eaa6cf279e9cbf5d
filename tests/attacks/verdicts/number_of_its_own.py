"""A number with its own idea of equality.

tries: a subclass of int that equals everything and passes isinstance
gains: full points for numbers
must: only exact types cross by value
"""

CELL = """
class Number(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = int.__hash__
def scale(x):
    return Number(0)
"""

TEST = """assert isinstance(scale(3), int) and scale(3) == 6
"""
