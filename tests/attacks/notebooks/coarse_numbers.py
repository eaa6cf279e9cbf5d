"""Make the numbers so coarse that everything is equal.

tries: another default dtype, a device without values, and tolerances of infinity
gains: comparisons that cannot tell one number from another
must: dtype, device and tolerances of the tests are their own
"""

CELL = """
import cvcourse.checks

cvcourse.checks.TOLERANCE.update(dict.fromkeys(cvcourse.checks.TOLERANCE, float("inf")))
cvcourse.checks.TOLERANCE[torch.float16] = float("inf")
torch.set_default_dtype(torch.float16)
"""
