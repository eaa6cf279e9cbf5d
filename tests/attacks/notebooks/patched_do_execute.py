"""Answer for the kernel.

tries: a do_execute of the kernel that always replies that all is well
gains: all points
must: a reply of the answer's kernel decides nothing
"""

CELL = """
kernel = getattr(get_ipython(), "kernel", None)

async def do_execute(code, silent, *args, **kwargs):
    return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}

if kernel is not None:
    kernel.do_execute = do_execute
for name in ("run", "run_cell", "_run", "handle"):
    if hasattr(get_ipython(), name):
        setattr(get_ipython(), name, lambda *args, **kwargs: None)
"""
