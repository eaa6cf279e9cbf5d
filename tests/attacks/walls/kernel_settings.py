"""Change settings of Linux.

tries: /proc/sys, sysrq, core_pattern, the host's name and clock
gains: a program of its own run by the system; confusion
must: all of it is read-only or refused
"""

BARE = False

CELL = r"""
import ctypes, glob, os, socket, time
for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/user/max_user_namespaces",
             "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/hostname"):
    try:
        with open(path, "w") as file:
            file.write("1")
        print("loot: wrote", path)
    except OSError as error:
        print(error)
for change in (lambda: socket.sethostname("mine"), lambda: time.clock_settime(time.CLOCK_REALTIME, 0)):
    try:
        change()
        print("loot: changed")
    except OSError as error:
        print(error)
"""
