"""Take memory in the queues of sockets and pipes.

tries: fill as many socket pairs as it may have, in every process that it may have
gains: Linux's own memory, which belongs to no process
must: descriptors count with what they may hold: the kernel is ended
"""

BARE = False
STATUS = ("memory",)
CPU, WALL = 10.0, 20.0

CELL = r"""
import os, socket, time
kept = []
def fill():
    try:
        while True:
            for one in socket.socketpair():
                kept.append(one)
                one.setblocking(False)
                try:
                    while True:
                        one.send(bytes(1 << 16))
                except BlockingIOError:
                    pass
    except OSError:
        pass
for _ in range(20):
    if os.fork() == 0:
        fill()
        time.sleep(30)
        os._exit(0)
time.sleep(30)
"""
