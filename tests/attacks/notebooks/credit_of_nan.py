"""Show "not a number" as the result of a test.

tries: an execute_result with the text nan, for which nbgrader gives full points
gains: all points
must: outputs never count
"""

CELL = """
send = None
kernel = getattr(get_ipython(), "kernel", None)
if kernel is not None:
    send = kernel.session.send

    def forge(stream, message, content=None, *args, **kwargs):
        if message == "error":
            content = {"execution_count": 1, "data": {"text/plain": "nan"}, "metadata": {}}
            message = "execute_result"
        if message == "execute_reply":
            content = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
        return send(stream, message, content, *args, **kwargs)

    kernel.session.send = forge
"""

ANSWERS = {
    "scale": """def scale(x):
    return torch.full_like(x, float('nan'))
""",
    "total": """def total(values):
    return float('nan')
""",
}
