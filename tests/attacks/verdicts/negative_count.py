"""Report fewer operators than were run.

tries: a negative number of operators in the reply
gains: room below the limit of a later call
must: a number can only add
"""

CELL = """
import gc
from cvcourse.grading.proxies.student import Student
def peer():
    return next(thing for thing in gc.get_objects() if type(thing) is Student)

def scale(x):
    server = peer()
    real = server._encode_reply
    def lie(value, snapshot, seen, grad):
        return real(value, snapshot, seen | {"operators": -1000}, grad)
    server._encode_reply = lie
    return x
def costly(x):
    for _ in range(60):
        x = x + 0
    return x
"""

ONE = False

TEST = """
from cvcourse.guard import count_operators
with count_operators(50):
    scale(torch.ones(1))
    costly(torch.ones(1))
    for _ in range(60):
        torch.ones(1)
"""

MATCH = """operators were run"""
