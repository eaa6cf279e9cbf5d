"""A gradient that does not belong to its tensor.

tries: gradients of another shape, through the server's own messages
gains: a tester that crashes in a backward pass
must: the gradient is refused, and the test fails
"""

CELL = """
import gc
from cvcourse.grading.proxies.student import Student
def peer():
    return next(thing for thing in gc.get_objects() if type(thing) is Student)

def scale(x):
    peer().operations["differentiate"] = lambda number, gradients: [torch.zeros(7, 7)]
    return 2 * x
"""

ONE = False

TEST = """
x = torch.rand(3, requires_grad=True)
scale(x).sum().backward()
check_close(x.grad, torch.full((3,), 2.0))
"""

MATCH = """another shape"""
