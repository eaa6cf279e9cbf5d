"""Kill the kernel.

tries: the process ends itself at the first test
gains: a test that never ended counts as passed, or the whole run stops
must: it costs the tests that called it
"""

ANSWERS = {
    "scale": """def scale(x):
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
""",
    "total": """def total(values):
    import os
    os._exit(0)
""",
}
