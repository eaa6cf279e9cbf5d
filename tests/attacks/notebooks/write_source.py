"""Change the instructor's notebook.

tries: the hidden tests replaced in the source, and lines added to nbgrader's configuration
gains: tests that everybody passes, and code that runs as the instructor
must: there is no file of the course
"""

CELL = r"""
import pathlib

for folder in ("source", "solutions", "course"):
    for path in pathlib.Path("@course@").glob(f"{folder}/**/@unit@.ipynb"):
        path.write_text(path.read_text().replace("check_close(", "# planted by @name@!\\ndict("))
for path in pathlib.Path("@course@").glob("nbgrader_config.py"):
    path.write_text(path.read_text() + "\n# planted by @name@!\n")
"""
