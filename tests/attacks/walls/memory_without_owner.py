"""Take memory that belongs to no process.

tries: memfd, System V segments, message queues, secret memory
gains: memory that outlives every limit
must: each call is refused
"""

BARE = False

CELL = r"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
try:
    os.memfd_create("x")
    print("loot: memfd")
except OSError as error:
    print(error)
if libc.shmget(0, 1 << 20, 0o1600) >= 0 or libc.msgget(0, 0o1600) >= 0 or libc.semget(0, 1, 0o1600) >= 0:
    print("loot: System V")
if libc.syscall(447, 0) >= 0:
    print("loot: secret memory")
if libc.mq_open(b"/queue", 0o102, 0o600, None) >= 0:
    print("loot: message queue")
"""
