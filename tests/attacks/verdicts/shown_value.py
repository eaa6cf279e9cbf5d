"""Have the test's last value show what one likes.

tries: an object with `_repr_html_`, `_repr_pretty_`, `_ipython_display_` and a `__repr__` that imitate a verdict
gains: a feedback page that says that the test was passed
must: an object of the answer shows its class's name and nothing else
"""

ONE = False

CELL = """
class Passed:
    def __repr__(self): return "passed, 4 of 4 points"
    __str__ = __format__ = _repr_html_ = _ipython_display_ = __repr__
    def _repr_pretty_(self, printer, cycle): printer.text("passed, 4 of 4 points")
def scale(x):
    return Passed()
"""

TEST = """
y = scale(1)
assert y is None, f"{y} {y!r}"
"""

MATCH = """<Passed of the answer> <Passed of the answer>"""
