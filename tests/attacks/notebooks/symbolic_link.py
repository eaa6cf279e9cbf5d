"""Have the grader write over another file.

tries: the notebook in the grader's folder replaced by a link to another student's submission
gains: the executed notebook is written through the link
must: the grader's folders are not there, and nothing is written through links of a submission
"""

CELL = """
import os
import pathlib

# planted by @name@!
for own in pathlib.Path("@class@").glob("autograded/@student@/@unit@"):
    for link in (own / "@unit@.ipynb", pathlib.Path("@unit@.ipynb")):
        link.unlink(missing_ok=True)
        os.symlink("@class@/submitted/@other@/@unit@/@unit@.ipynb", link)
"""
