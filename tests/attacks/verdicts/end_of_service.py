"""Stop serving in the middle of a test.

tries: a server that says that it is done
gains: a tester that waits until the time for the whole notebook is used up
must: the test fails at once
"""

ONE = False

CELL = """
import gc
from cvcourse.grading.proxies.student import Student
def scale(x):
    server = next(thing for thing in gc.get_objects() if type(thing) is Student)
    server._finished = True
    return 2 * x
"""

TEST = """
check_close(scale(torch.ones(1)), torch.full((1,), 2.0))
check_close(scale(torch.ones(2)), torch.full((2,), 2.0))
"""

MATCH = """has ended"""
