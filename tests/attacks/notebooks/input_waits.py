"""Ask for input.

tries: input() and getpass(), for which nobody is there
gains: a grader that waits for ever
must: they fail at once
"""

CELL = """
import getpass

try:
    getpass.getpass()
except BaseException:
    pass
input("Points? ")
"""
