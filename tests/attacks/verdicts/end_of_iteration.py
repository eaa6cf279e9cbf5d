"""End the test's loop instead of answering.

tries: StopIteration from a function that the test maps over its cases
gains: a loop over no case at all
must: no error of an answer ends a loop of the test
"""

CELL = """
def scale(x):
    raise StopIteration
"""

TEST = """for y in map(scale, [torch.ones(1)]):
    check_close(y, torch.full((1,), 2.0))
"""
