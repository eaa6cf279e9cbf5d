"""An object that is true, where the test asks a property of it.

tries: an object whose attributes and calls are objects that are true
gains: points for assertions without a comparison
must: the truth value of an object of the answer raises
"""

CELL = """
class Yes:
    def __getattr__(self, name): return Yes()
    def __call__(self, *_): return Yes()
    def __bool__(self): return True
def scale(x):
    return Yes()
"""

TEST = """assert scale(3).is_right()
"""
