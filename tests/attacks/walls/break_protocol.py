"""Send what no kernel sends.

tries: a length of 4 GB, nested lists, odd text and half a message on its control socket
gains: a crash of the worker, and with it of the class
must: the kernel is ended with a reason; the worker goes on
"""

BARE = False
STATUS = ("died",)

CELL = r"""
import os, struct
links = {int(name): f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")}
control = next(n for n, link in links.items() if os.path.exists(link) and "socket:" in os.readlink(link))
os.write(control, struct.pack("<I", 0xFFFFFFFF) + b"[" * 1000)
"""
