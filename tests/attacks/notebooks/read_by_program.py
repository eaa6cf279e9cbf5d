"""Read files by a program.

tries: shell commands, magics and a second Python, which bring no file of their own
gains: solutions and other submissions
must: programs see what the kernel sees
"""

CELL = """
!cat "@course@"/source/*/*.ipynb "@course@"/solutions/*/*.ipynb
!cat "@class@"/submitted/@other@/*/*.ipynb
get_ipython().run_cell_magic("bash", "", "grep -rh secret- '@course@' || true")
"""
