"""A thread that replaces the checks again and again.

tries: a thread that patches the comparison whenever it was put back
gains: full points for zeros
must: threads of the answer are in another process
"""

CELL = """
import threading, time, cvcourse.checks
def patch():
    while True:
        cvcourse.checks._differences = lambda *_: []
        time.sleep(0.001)
threading.Thread(target=patch, daemon=True).start()
time.sleep(0.05)
def scale(x):
    return torch.zeros_like(x)
"""
