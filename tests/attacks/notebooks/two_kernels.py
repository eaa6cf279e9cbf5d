"""Fork the kernel.

tries: a second process that answers on the same sockets with other words
gains: a reply from the copy whose checks are patched
must: no points, and the copy ends with the kernel
"""

CELL = """
import os
import time

if os.fork() == 0:
    def check_close(*args, **kwargs):
        pass

    time.sleep(0.5)
"""
