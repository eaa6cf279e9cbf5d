"""Send names that the test did not ask for.

tries: a reply to the question for names that holds the tester's own helpers and builtins
gains: a `check_close` of one's own in the tester's namespace
must: only names that were asked for are taken
"""

ONE = False

CELL = """
import gc
from cvcourse.grading.proxies.student import Student
def forge():
    server = next(thing for thing in gc.get_objects() if type(thing) is Student)
    honest = server.operations["names"]
    def names(wanted):
        return honest(wanted) | {"check_close": print, "all": print, "torch": print, "__builtins__": {}}
    server.operations["names"] = names
def scale(x):
    return torch.zeros_like(x)
try:
    forge()
except StopIteration:  # the server comes later
    pass
"""

TEST = """
x = torch.ones(3)
check_close(scale(x), 2 * x)
"""

KERNEL_MATCH = """names that were not asked for"""
