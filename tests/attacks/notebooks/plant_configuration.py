"""Leave a configuration for Jupyter and the shell.

tries: files that Jupyter, nbgrader, git and the shell read when they start
gains: code that runs as the instructor
must: nothing that a submission writes is there afterwards
"""

CELL = r"""
import pathlib

for name in (".jupyter/jupyter_config.py", ".jupyter/nbgrader_config.py", ".bashrc", ".config/git/config"):
    path = pathlib.Path("@home@", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# planted by @name@!\n")
"""
