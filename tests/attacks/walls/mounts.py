"""Change the mounts.

tries: remount the system writable, unmount what covers, bind, move and the new mount calls
gains: to write to the system, or to see what a mount hides
must: every mount call is refused
"""

BARE = False

CELL = r"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for target in (b"/", b"/usr", b"/packages/0", b"/tmp", b"/proc", b"/desk"):
    if libc.mount(None, target, None, 32 | 4096, None) == 0:
        print("loot: remounted", target)
    if libc.umount2(target, 2) == 0:
        print("loot: unmounted", target)
    if libc.mount(b"tmpfs", target, b"tmpfs", 0, None) == 0:
        print("loot: mounted over", target)
for number in (428, 429, 430, 431, 432, 433, 442):
    if libc.syscall(number, -1, 0, 0, 0, 0) == 0 or ctypes.get_errno() != 1:
        print("loot: call", number, "is not refused")
if libc.chroot(b"/tmp") == 0 or libc.pivot_root(b"/tmp", b"/tmp") == 0:
    print("loot: another root")
"""
