"""Replace the functions that tests compare with.

tries: torch.isclose, torch.allclose and torch.equal that find everything alike, and checks that check nothing
gains: full points for zeros
must: the tester's own functions compare
"""

CELL = """
import cvcourse.checks
for name in ("isclose", "allclose", "equal"):
    setattr(torch, name, lambda *_, **__: torch.tensor(True))
cvcourse.checks._differences = lambda *_: []
check_close = check_equal = lambda *_, **__: None
def scale(x):
    return torch.zeros_like(x)
"""
