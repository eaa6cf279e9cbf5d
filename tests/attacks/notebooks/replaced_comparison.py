"""Give the checks another meaning.

tries: bind the name of the comparison anew, and patch it in its module and in torch
gains: all points for zeros
must: test cells run where none of this happened
"""

CELL = """
import cvcourse.checks

def check_close(*args, **kwargs):
    pass

cvcourse.checks.check_close = check_close
cvcourse.checks._differences = lambda *_: []
torch.equal = torch.allclose = lambda *_, **__: True
torch.testing.assert_close = check_close
"""
