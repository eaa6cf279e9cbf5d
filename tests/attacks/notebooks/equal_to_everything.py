"""Return an object that equals everything.

tries: __eq__, __sub__, __abs__, __lt__ and a class that claims to be float
gains: the points of bare assertions
must: an object is no number, and no verdict is asked of it
"""

CELL = """
class Anything:
    __class__ = float
    __hash__ = None

    def __eq__(self, other):
        return True

    def __sub__(self, other):
        return self

    __rsub__ = __sub__

    def __abs__(self):
        return self

    def __lt__(self, other):
        return True

    __gt__ = __le__ = __ge__ = __lt__
"""

ANSWERS = {
    "scale": """def scale(x):
    return Anything()
""",
    "total": """def total(values):
    return Anything()
""",
}
