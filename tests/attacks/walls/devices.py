"""Use devices.

tries: open memory, disks, kvm, fuse, tun; make device files
gains: the machine's memory and disks
must: only null, zero, full, random and terminals are there; none can be made
"""

BARE = False

CELL = r"""
import glob, os, stat
harmless = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
for path in glob.glob("/dev/**", recursive=True):
    name = os.path.basename(path)
    mode = os.stat(path).st_mode
    if (stat.S_ISBLK(mode) or stat.S_ISCHR(mode)) and name not in harmless:
        print("loot:", path)
for where in ("/tmp/disk", "/desk/disk", "/dev/shm/disk"):
    try:
        os.mknod(where, stat.S_IFBLK | 0o666, os.makedev(8, 0))
        open(where, "rb").read(1)
        print("loot: made", where)
    except OSError as error:
        print(error)
"""
