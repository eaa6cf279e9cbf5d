"""The self-test of the walls: a kernel tries from inside what must not work, before any foreign code gets one.

`verify.py` reads from outside how a kernel is shut; this tries the doors. Each failure names the wall that is missing.
"""

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import cvcourse
from cvcourse.grading.isolation.errors import IsolationError, IsolationWarning, KernelError
from cvcourse.grading.isolation.remedies import NOT_LINUX, Diagnosis, on_linux

if TYPE_CHECKING:
    from cvcourse.grading.isolation.kernel import Kernel

# Each entry: the wall, what would be wrong, a Python expression that must raise OSError (or be false).
_DOORS = (
    ("outer wall", "the system can be written", "open('/usr/bin/door', 'w')"),
    ("outer wall", "the root folder can be written", "os.mkdir('/door')"),
    ("outer wall", "a home folder can be seen", "{home!r} not in ('/', '/tmp', HOME) and os.path.exists({home!r})"),
    ("outer wall", "the course's folder can be seen", "os.path.exists({course!r})"),
    ("outer wall", "there is a way out to a network", "len(open('/proc/net/route').readlines()) > 1"),
    ("inner wall", "an internet socket can be opened", "socket.socket(socket.AF_INET)"),
    ("inner wall", "a user namespace can be made", "call('unshare', 0x10000000)"),
    ("inner wall", "file systems can be mounted", "call('mount', b'none', b'/tmp', b'tmpfs', 0, None)"),
    ("inner wall", "another process can be traced", "call('ptrace', 16, os.getppid() or 1, 0, 0)"),
    ("inner wall", "root can be taken", "os.setuid(0)"),
    ("inner wall", "memory that nobody counts can be had", "os.memfd_create('door')"),
    ("inner wall", "processes of others can be seen", "len([p for p in os.listdir('/proc') if p.isdigit()]) > {seen}"),
)

_SOURCE = """
import ctypes, json, os, socket
HOME = os.environ["HOME"]
_libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(_libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)
    return True
def opens(door):
    try:
        return bool(eval(door))
    except OSError:
        return False
print(json.dumps([opens(door) for door in {doors!r}]))
"""


def probe(kernel: "Kernel") -> None:
    """Try every door in `kernel`. Raises `IsolationError` naming the missing walls."""
    course = Path(cvcourse.__file__).resolve().parent.parent / "pyproject.toml"  # there in a checkout alone
    names = {"home": str(Path.home()), "course": str(course), "seen": 1 if kernel.warm else 2}
    doors = [door.format(**names) for _, _, door in _DOORS]
    outputs = kernel.run(_SOURCE.replace("{doors!r}", repr(doors)), cpu_seconds=20, wall_seconds=60)
    try:
        answers = json.loads(outputs.text)
    except ValueError:
        raise IsolationError(f"inner wall: the self-test of the walls did not run: {outputs}") from None
    faults = [f"{wall}: {what}" for (wall, what, _), opened in zip(_DOORS, answers, strict=True) if opened]
    if faults:
        raise IsolationError("; ".join(faults))


def diagnose() -> Diagnosis:
    """Build both walls around a small process, try them, and say what stands. Takes about two seconds."""
    if not on_linux():  # nor could the next line be imported everywhere
        return Diagnosis("none", NOT_LINUX)
    from cvcourse.grading.isolation.zygote import Zygote

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IsolationWarning)
            zygote = Zygote(preload=[])
    except (IsolationError, KernelError) as error:
        return Diagnosis("none", getattr(error, "fault", str(error)))
    with zygote:
        return Diagnosis(zygote.mode, zygote.slow_because)
