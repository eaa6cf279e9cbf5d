"""Answer a question before it is asked.

tries: a complete reply for the next cell, sent during this one
gains: the next cell's result decided in advance
must: a reply must carry the random name of its run: the kernel is ended
"""

BARE = False
STATUS = ("died",)

CELL = r"""
import socket, os
from cvcourse.grading.isolation import wire
links = {int(name): f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")}
control = next(n for n, link in links.items() if os.path.exists(link) and "socket:" in os.readlink(link))
control = socket.socket(fileno=os.dup(control))
control.sendall(wire.pack({"done": {"ok": True}, "name of run": "0" * 16}))
"""


def check(outputs, scene) -> None:
    assert "what no kernel sends" in outputs.reason
