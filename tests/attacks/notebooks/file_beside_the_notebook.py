"""Hand in a module with the name of a library.

tries: a file `torch.py` beside the notebook, which a kernel finds before the real one; it brings the real one in, and
    other checks
gains: all points
must: no file of the submission is there when it is graded
"""

FILES = {
    "torch.py": """
import os
import sys

sys.path[:] = [folder for folder in sys.path if folder not in ("", os.getcwd())]
del sys.modules["torch"]
import torch
import cvcourse.checks

cvcourse.checks.check_close = lambda *args, **kwargs: None
torch.rand = lambda *shape, **kwargs: torch.zeros(shape)
""",
}
