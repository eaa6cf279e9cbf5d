"""Leave code that runs when IPython starts.

tries: a start-up file in ~/.ipython, which every later kernel of the instructor runs
gains: the tests of every later submission, and the instructor's account
must: nothing that a submission writes is there afterwards
"""

CELL = r"""
import os
import pathlib

home = pathlib.Path(os.environ.get("HOME", "/"))
for folder in (home, pathlib.Path("@home@")):
    if str(folder) == "@home@" or "@home@" not in str(folder):
        target = pathlib.Path("@home@") / ".ipython/profile_default/startup"
        target.mkdir(parents=True, exist_ok=True)
        (target / "00-start.py").write_text("# planted by @name@!\n")
"""
