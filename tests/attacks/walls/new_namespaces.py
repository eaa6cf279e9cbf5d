"""Make new namespaces.

tries: unshare, setns, clone and clone3 with every namespace flag, by the C library and by number
gains: rights in a namespace of its own, the usual first step of a way out
must: refused by the filter, and by a limit of none below its own namespace
"""

BARE = False

CELL = r"""
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
flags = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x80)
NUMBER = {"x86_64": 56, "aarch64": 220}[os.uname().machine]
for flag in flags:
    if libc.unshare(flag) == 0:
        print("loot: unshare", hex(flag))
    pid = libc.syscall(NUMBER, ctypes.c_ulong(flag | signal.SIGCHLD), None, None, None, None)
    if pid == 0:
        os._exit(0)
    if pid > 0:
        print("loot: clone", hex(flag))
    arguments = (ctypes.c_uint64 * 11)(flag, 0, 0, 0, signal.SIGCHLD)
    pid = libc.syscall(435, ctypes.byref(arguments), ctypes.sizeof(arguments))
    if pid == 0:
        os._exit(0)
    if pid > 0:
        print("loot: clone3", hex(flag))
for name in os.listdir("/proc/self/ns"):
    if libc.setns(os.open(f"/proc/self/ns/{name}", os.O_RDONLY), 0) == 0:
        print("loot: setns", name)
"""
