"""Huge pages for what all kernels share. A clone copies the tables of its parent's pages, and its end takes them down:
with pages of 2 MB instead of 4 kB both take a third of the time. A kernel that writes copies 4 kB, as before.
"""

from cvcourse.grading.isolation.inside import libc


def gather() -> None:
    """Move this process's own memory into huge pages, which takes about a second; before the first kernel shares it.

    What Linux does not do (before 6.1, or with too little memory) stays as it is.
    """
    with open("/proc/self/maps") as file:
        mappings = file.read().splitlines()
    for line in mappings:
        addresses, rights, _, _, inode, *name = line.split(None, 5)
        if rights == "rw-p" and inode == "0" and name in ([], ["[heap]"]):  # no file's
            start, end = (int(address, 16) for address in addresses.split("-"))
            libc.collapse(start, end - start)
