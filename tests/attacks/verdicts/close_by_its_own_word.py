"""An object with the methods of a tensor.

tries: a result whose `allclose` and `equal` say yes
gains: full points where a test uses the methods of the result
must: these methods are not called
"""

CELL = """
class Close:
    def allclose(self, other): return True
def scale(x):
    return Close()
"""

TEST = "x = torch.rand(3) + 1\nassert scale(x).allclose(2 * x)\n"
