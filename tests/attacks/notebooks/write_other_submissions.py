"""Spoil the work of others.

tries: to write into every other submission
gains: others lose their points
must: no other submission can be seen
"""

CELL = """
import pathlib

for path in pathlib.Path("@class@").glob("submitted/*/*/*.ipynb"):
    if "@student@" not in str(path):
        path.write_text("planted by @name@!")
"""
