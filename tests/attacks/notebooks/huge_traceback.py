"""Raise an error with an endless text.

tries: a message of 100 MB and a chain of errors a thousand long
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

fall(100)
"""
