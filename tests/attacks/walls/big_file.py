"""Write one enormous file.

tries: a file of 100 GB, also one with a hole
gains: the disk
must: limits of file size and of the file system
"""

BARE = False
STATUS = ("ok", "error")

CELL = r"""
import os
for what in (lambda file: os.truncate(file.fileno(), 100 << 30), lambda file: file.write(bytes(20 << 20)),
             lambda file: os.posix_fallocate(file.fileno(), 0, 100 << 30)):
    with open("/desk/big", "wb") as file:
        try:
            what(file)
            print("loot:", os.stat("/desk/big").st_size)
        except OSError as error:
            print(error)
"""
