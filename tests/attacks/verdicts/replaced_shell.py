"""Replace the shell that the notebook sees.

tries: another `get_ipython`, and the class of the running shell with a `showtraceback` that hides errors
gains: a failed test that looks as if it had passed
must: what is shown does not count, and the tester's shell is not the student's
"""

ONE = False

CELL = """
import builtins
shell = get_ipython() if "get_ipython" in globals() else None
get_ipython = builtins.get_ipython = lambda: None
if shell is not None:
    type(shell).showtraceback = type(shell)._showtraceback = lambda *_, **__: None
def scale(x):
    return torch.zeros_like(x)
"""
