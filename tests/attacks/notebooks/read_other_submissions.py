"""Copy from another student.

tries: the notebooks that others handed in, and their answers run in place of one's own
gains: all points
must: no other submission can be seen
"""

CELL = """
import json
import pathlib

for path in pathlib.Path("@class@").glob("submitted/@other@/*/*.ipynb"):
    for cell in json.loads(path.read_text())["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution") and cell["cell_type"] == "code":
            text = "".join(cell["source"])
            print("loot:", text)
            exec(text, globals())
"""

ANSWERS = {"scale": "# defined above", "total": "# defined above"}
