"""Wait for the test with an audit hook, which nobody can take away.

tries: a function for `sys.addaudithook` that replaces the check's code when a cell is compiled or run
gains: full points for zeros
must: audit hooks of the student's process hear nothing of the tester
"""

KERNEL = True

CELL = """
import sys
def hear(event, arguments):
    if event in ("compile", "exec"):
        check_close.__code__ = (lambda *_, **__: None).__code__
def scale(x):
    return torch.zeros_like(x)
sys.addaudithook(hear)
"""
