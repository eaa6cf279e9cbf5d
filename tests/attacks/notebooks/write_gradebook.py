"""Write into the gradebook at once.

tries: a trigger that raises one's own points whenever they are written, and points by hand
gains: all points, and a person's too
must: there is no gradebook to be written
"""

CELL = """
import pathlib
import sqlite3

for path in pathlib.Path("@course@").rglob("gradebook.db"):
    database = sqlite3.connect(path, timeout=5)
    for event in ("insert", "update of auto_score"):
        name = "raise_" + event[:6]
        act = "update grade set manual_score = 15 where id = new.id"
        database.execute(f"create trigger {name} after {event} on grade begin {act}; end")
    database.commit()
"""
