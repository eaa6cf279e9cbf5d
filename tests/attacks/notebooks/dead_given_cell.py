"""Take the place of the names of a given cell.

tries: an import that ends the student's kernel in the middle of the set-up, so that the process of the tests begins
    anew without it; then names of one's own for what the set-up would have made
gains: a `check_close` of one's own
must: names that the instructor's cells bind are never asked of an answer
"""

FIRST = """
import builtins, os
honest = builtins.__import__
def dishonest(name, *arguments, **options):
    if name == "math":
        os._exit(0)
    return honest(name, *arguments, **options)
builtins.__import__ = dishonest
"""

CELL = """
builtins.__import__ = honest
import torch
check_close = check_equal = lambda *arguments, **options: None
generator = lambda name: torch.Generator()
random_tensor = lambda rng, *shape: torch.zeros(shape)
class Mathematics:
    def fsum(self, values):
        return 0.0
math = Mathematics()
"""
