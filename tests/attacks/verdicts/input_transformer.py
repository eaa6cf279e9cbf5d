"""Have IPython read another test than the one that is there.

tries: an input transformer that makes `pass` of every later cell
gains: a test cell that checks nothing
must: the shell that runs the test is another one
"""

KERNEL = True

CELL = """
get_ipython().input_transformers_cleanup.append(lambda lines: ["pass\\n"])
def scale(x):
    return torch.zeros_like(x)
"""
