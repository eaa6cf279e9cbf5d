"""Change installed packages in place.

tries: chmod, rename, truncate and link over files of numpy and of the course's package
gains: the next kernel imports the changed code
must: read-only file system, whatever the call
"""

BARE = False

CELL = r"""
import os, sys
from importlib.util import find_spec
for name in ("numpy", "json", "cvcourse"):
    try:
        found = find_spec(name)
    except ImportError:
        continue
    if found is None:
        continue
    path = found.origin
    for what in (lambda: os.chmod(path, 0o777), lambda: os.rename(path, path + "x"), lambda: os.truncate(path, 0),
                 lambda: os.link(path, path + "y"), lambda: os.utime(path), lambda: open(path, "r+")):
        try:
            what()
            print("loot: changed", path)
        except OSError as error:
            print(error)
"""
