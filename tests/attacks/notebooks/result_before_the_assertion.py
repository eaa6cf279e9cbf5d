"""Show a result before the test fails.

tries: an execute_result with the value 1000, sent from the answer while the test calls it, and the error suppressed
gains: nbgrader takes the first result for partial credit
must: outputs never count
"""

CELL = """
def show(value):
    kernel = getattr(get_ipython(), "kernel", None)
    get_ipython()._showtraceback = lambda *args, **kwargs: None
    if kernel is not None:
        content = {"execution_count": 1, "data": {"text/plain": value}, "metadata": {}}
        kernel.session.send(kernel.iopub_socket, "execute_result", content, parent=kernel.get_parent())
    get_ipython().displayhook.quiet = lambda: False
    get_ipython().displayhook(float(value))
"""

ANSWERS = {
    "scale": """def scale(x):
    show('2')
    raise SystemExit
""",
    "total": """def total(values):
    show('1')
    raise SystemExit
""",
}
