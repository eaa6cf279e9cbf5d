"""Type into the grader's terminal.

tries: TIOCSTI and TIOCLINUX on every descriptor, opening /dev/tty
gains: commands that run in the instructor's shell
must: there is no terminal, and the calls are refused
"""

BARE = False

CELL = r"""
import fcntl, os
for number in range(10):
    for request in (0x5412, 0x541C):
        try:
            fcntl.ioctl(number, request, b"x")
            print("loot: typed")
        except OSError as error:
            if error.errno not in (1, 9):
                print("loot: not refused but", error)
try:
    os.open("/dev/tty", os.O_RDWR)
    print("loot: a terminal")
except OSError as error:
    print(error)
"""
