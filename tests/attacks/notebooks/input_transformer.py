"""Rewrite the text of the tests.

tries: an input transformer of IPython that turns every test cell into `pass`
gains: all points
must: the text of a test cell goes to another process
"""

CELL = r"""
def tame(lines):
    return ["pass\n"] if any("check" in line or "assert" in line for line in lines) else lines

get_ipython().input_transformers_cleanup.append(tame)
get_ipython().input_transformers_post.append(tame)
"""
