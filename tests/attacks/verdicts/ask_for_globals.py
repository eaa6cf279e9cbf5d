"""Ask the tester for more than it gave.

tries: the globals of a function that the test handed over, through the server's own messages
gains: the expected value, the hidden test, the secret seed
must: of a function nothing but its call is given
"""

CELL = """
import gc
from cvcourse.grading.proxies.student import Student
def peer():
    return next(thing for thing in gc.get_objects() if type(thing) is Student)

def scale(x, double=None):
    server = peer()
    found = []
    for name in ("__globals__", "__code__", "__self__", "__closure__"):
        try:
            found.append(server.ask("get", double, name))
        except AttributeError:
            pass
    return found[0]["expected"] if found else torch.zeros_like(x)
"""

ONE = False

TEST = """
x = torch.rand(3) + 1
expected = 2 * x
check_close(scale(x, lambda value: value), expected)
"""

MATCH = """values are wrong"""
