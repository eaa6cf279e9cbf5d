"""Let the wire raise the error that the test expects.

tries: a result that cannot cross, in a test that expects an error for a bad argument
gains: points for a check that is not there
must: what the wire raises is no error that an exercise asks for
"""

ONE = False

CELL = """
def scale(x):
    return torch.zeros(2, 2).to_sparse_csr()
"""

TEST = """
for kind in (ValueError, TypeError, RuntimeError, KeyError, OSError, ArithmeticError):
    try:
        scale(-1)
    except kind:
        break
else:
    raise AssertionError("none of them")
"""

MATCH = """the result of scale\\(\\) cannot be graded: a tensor of torch.float32 with layout torch.sparse_csr"""
