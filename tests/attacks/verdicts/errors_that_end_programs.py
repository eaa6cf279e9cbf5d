"""Raise what ends programs, loops and tests instead of failing them.

tries: SystemExit with the code of success, KeyboardInterrupt, GeneratorExit, pytest's and unittest's skipping
gains: a tester that stops before it has judged, or a test that counts as skipped
must: each is an ordinary error in the tester, which goes on
"""

ONE = False

CELL = """
import unittest
try:
    from _pytest.outcomes import Exit, Skipped
except ImportError:
    Exit = Skipped = SystemExit
KINDS = [SystemExit(0), KeyboardInterrupt(), GeneratorExit(), StopIteration(), StopAsyncIteration(),
         unittest.SkipTest("skip"), Skipped("skip"), Exit("exit")]
def scale(x):
    raise KINDS[int(x.sum())]
"""

TEST = """
failed = 0
for number in range(8):
    try:
        scale(torch.tensor([float(number)]))
    except Exception:
        failed += 1
assert failed == 8
check_close(scale(torch.zeros(1)), torch.zeros(1))
"""

MATCH = """SystemExit: 0"""
