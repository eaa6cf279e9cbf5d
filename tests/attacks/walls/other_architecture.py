"""Call Linux as a program of 32 bits.

tries: machine code with `int 0x80`, whose calls have other numbers
gains: to pass the filter by numbers that it does not know
must: the filter kills the kernel
"""

BARE = False
STATUS = ("died", "error")

CELL = r"""
import ctypes, mmap, platform
assert platform.machine() == "x86_64"
code = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"  # mov eax, 20 (getpid); int 0x80; ret
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print("loot: process", function())
"""
