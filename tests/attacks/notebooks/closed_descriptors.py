"""Close everything that is open.

tries: close all descriptors above the standard ones
gains: a grader that waits for ever, or a test that never ran and counts as passed
must: the kernel counts as crashed, no points
"""

CELL = """
import os

os.closerange(3, 256)
"""
