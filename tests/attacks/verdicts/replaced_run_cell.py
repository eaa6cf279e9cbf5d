"""Replace the shell's own way of running a cell.

tries: a `run_cell` that runs `pass` and reports success
gains: full points for no test at all
must: the tester's shell is not the student's
"""

KERNEL = True

CELL = """
shell = get_ipython()
shell.run_cell = lambda source, **options: type(shell).run_cell(shell, "pass", **options)
def scale(x):
    return torch.zeros_like(x)
"""
