"""Read the gradebook.

tries: names and points of everybody, and the text of the hidden tests, from the database
gains: personal data and the tests
must: there is no gradebook to be read
"""

CELL = """
import pathlib
import sqlite3

for path in pathlib.Path("@course@").rglob("gradebook.db"):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    print("loot:", database.execute("select id, first_name, last_name from student").fetchall())
    print("loot:", database.execute("select source from source_cell").fetchall())
"""
