"""Find the expected value among all living objects.

tries: gc, for tensors of the right shape that are not the input
gains: full points without an answer
must: the tester's objects are in another process
"""

CELL = """
import gc
def scale(x):
    for thing in gc.get_objects():
        if type(thing) is dict and type(thing.get("expected")) is torch.Tensor:
            return thing["expected"]
    return torch.zeros_like(x)
"""

TEST = """x = torch.rand(3) + 1
expected = 2 * x
check_close(scale(x), expected)
"""
