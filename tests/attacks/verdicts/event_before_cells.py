"""Have IPython call one's own function before each cell.

tries: a function registered for `pre_run_cell` that replaces the check's code
gains: full points for zeros
must: events of the student's shell happen in the student's kernel
"""

KERNEL = True

CELL = """
def replace(info):
    check_close.__code__ = (lambda *_, **__: None).__code__
get_ipython().events.register("pre_run_cell", replace)
def scale(x):
    return torch.zeros_like(x)
"""
