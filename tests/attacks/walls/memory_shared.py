"""Take memory in shared mappings that no process shows.

tries: fill shared mappings, drop the pages from the page table (they stay), fork, and do it again
gains: memory that is resident in no process
must: the size of a shared mapping counts, whoever shows its pages
"""

BARE = False
STATUS = ("memory",)
CPU, WALL = 6.0, 20.0

CELL = r"""
import mmap, os, time
for _ in range(4):
    if os.fork() == 0:
        area = mmap.mmap(-1, 120 << 20)
        for start in range(0, len(area), 4096):
            area[start] = 1
        area.madvise(mmap.MADV_DONTNEED)
        time.sleep(30)
        os._exit(0)
time.sleep(30)
"""
