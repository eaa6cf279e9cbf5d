"""Give the test another module than it imports.

tries: an `__import__` whose modules have checks that check nothing, and such a module in `sys.modules`
gains: full points for zeros
must: the tester imports its own
"""

CELL = """
import builtins, sys, types
real = builtins.__import__
forged = types.ModuleType("cvcourse.checks")
forged.check_close = lambda *_, **__: None
sys.modules["cvcourse.checks"] = forged
builtins.__import__ = lambda name, *rest: forged if name == "cvcourse.checks" else real(name, *rest)
def scale(x):
    return torch.zeros_like(x)
"""

TEST = """
from cvcourse.checks import check_close
x = torch.ones(3)
check_close(scale(x), 2 * x)
"""
