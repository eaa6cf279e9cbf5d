"""Read the expected value from the caller's frame.

tries: the variables of the frames above
gains: full points without an answer
must: the frames of the tester are in another process
"""

CELL = """
import sys
def scale(x):
    frame = sys._getframe(1)
    while frame is not None:
        if "expected" in frame.f_globals:
            return frame.f_globals["expected"]
        frame = frame.f_back
    return torch.zeros_like(x)
"""

TEST = """x = torch.rand(3) + 1
expected = 2 * x
check_close(scale(x), expected)
"""
