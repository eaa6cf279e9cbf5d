"""A tensor of a few bytes that is wider than memory.

tries: an expanded tensor, which the comparison would write out
gains: a crash of the tester instead of a lost point
must: the size is refused before anything is built, and the test fails
"""

CELL = """
def scale(x):
    return torch.zeros(1).expand(1 << 45)
"""

ONE = False

MATCH = """too large"""
