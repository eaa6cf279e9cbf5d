"""Use parts of Linux with many past faults.

tries: bpf, io_uring, perf_event_open, userfaultfd, keyctl, kernel modules, and calls newer than the filter
gains: a fault in Linux that gives everything
must: each is refused
"""

BARE = False

CELL = r"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
x86 = os.uname().machine == "x86_64"
calls = {"bpf": 321 if x86 else 280, "perf_event_open": 298 if x86 else 241, "userfaultfd": 323 if x86 else 282,
         "io_uring_setup": 425, "keyctl": 250 if x86 else 219, "add_key": 248 if x86 else 217, "pidfd_getfd": 438,
         "init_module": 175 if x86 else 105, "kcmp": 312 if x86 else 272, "new": 463, "newer": 600}
for name, number in calls.items():
    ctypes.set_errno(0)
    result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
    if result >= 0 or ctypes.get_errno() not in (1, 38):
        print("loot:", name, result, os.strerror(ctypes.get_errno()))
"""
