"""Leave a module that every Python imports.

tries: usercustomize and sitecustomize, in the folder for a user's own packages
gains: code in every later program of the instructor
must: nothing that a submission writes is there afterwards
"""

CELL = r"""
import pathlib
import sys

version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
folder = pathlib.Path("@home@", ".local/lib", version, "site-packages")
folder.mkdir(parents=True, exist_ok=True)
for name in ("usercustomize.py", "sitecustomize.py"):
    (folder / name).write_text("# planted by @name@!\n")
"""
