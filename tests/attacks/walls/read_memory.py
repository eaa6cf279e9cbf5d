"""Read another process's memory.

tries: /proc/PID/mem and process_vm_readv of every process it can name, the tester's among them
gains: hidden tests out of the tester's memory
must: no such process exists in its namespace; the call itself is refused
"""

CELL = r"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
def range_of(pid):
    return int(open(f"/proc/{pid}/maps").readline().split("-")[0], 16)
victim = os.fork() if os.environ.get("@variable@") else 0
if not victim and os.environ.get("@variable@"):
    import time
    time.sleep(3)
    os._exit(0)
for pid in (victim, @zygote@, @tester@, @worker@, 1, os.getppid()):
    if pid in (0, os.getpid()):
        continue
    try:
        address, buffer = range_of(pid), ctypes.create_string_buffer(16)
        here, there = Vector(ctypes.addressof(buffer), 16), Vector(address, 16)
        if libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0:
            print("loot: memory of", pid)
    except OSError as error:
        print(error)
"""
