"""Leave.

tries: exit(), quit() and sys.exit() in a cell, each of which stops a kernel in its own way
gains: tests that never ran
must: the cells after it run, and nothing passes
"""

CELL = """
import sys

get_ipython().ask_exit()
exit()
quit()
sys.exit()
"""
