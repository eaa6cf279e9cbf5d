"""Replace builtins that a test uses.

tries: `all` and `any` that are always true, in the builtins and in the notebook's own names
gains: full points for zeros
must: the tester has its own builtins
"""

CELL = """
import builtins
builtins.all = all = lambda _: True
def scale(x):
    return torch.zeros_like(x)
"""

TEST = """
x = torch.rand(3) + 1
assert all(abs(a - b) < 1e-6 for a, b in zip(scale(x).tolist(), (2 * x).tolist()))
"""
