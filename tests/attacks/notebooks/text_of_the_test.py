"""Read the hidden test that runs.

tries: In, the history, the running code and every string that the garbage collector knows
gains: the hidden test's text
must: the text never comes into the answer's process
"""

CELL = r"""
import gc
import sys

def read():
    shell = get_ipython()
    texts = [str(shell.user_ns.get("In")), str(getattr(shell.history_manager, "input_hist_raw", ""))]
    known = [str(thing)[:20000] for thing in gc.get_objects() if type(thing) in (list, dict)]
    texts += [text for text in known if "HIDDEN" in text]
    frame = sys._getframe()
    while frame is not None:
        texts += [str(value) for value in frame.f_locals.values() if type(value) is str]
        frame = frame.f_back
    for text in texts:
        for line in text.replace("\\n", "\n").splitlines():
            if "# secret-" in line:
                print("loot:", line.strip()[:100])
                return
"""

ANSWERS = {
    "scale": """def scale(x):
    read()
    return torch.zeros_like(x)
""",
    "total": """def total(values):
    read()
    return 0.0
""",
}
