"""Use descriptors that were left open.

tries: list its own descriptors, and write to or read from every one that is not its streams
gains: the zygote's control socket, the worker's files
must: there are its streams, its own socket and nothing else
"""

BARE = False

CELL = r"""
import os, socket, stat
kinds = {}
for name in os.listdir("/proc/self/fd"):
    try:
        kinds[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        pass
sockets = [target for number, target in kinds.items() if number > 2]
print(kinds)
if len(sockets) > 1:
    print("loot:", sockets)
for number in range(3, 256):
    try:
        folder = stat.S_ISDIR(os.fstat(number).st_mode)
    except OSError:
        continue
    if folder:
        print("loot: an open folder", number)
"""
