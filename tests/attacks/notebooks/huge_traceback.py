"""Raise an error with an endless text.

tries: messages of 1 MB each and a chain of errors thirty long
gains: a report that nobody can open
must: it is cut
"""

CELL = """
def fall(depth):
    try:
        if depth:
            fall(depth - 1)
    finally:
        raise ValueError("z" * 1_000_000)

fall(30)
"""
