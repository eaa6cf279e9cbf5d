"""The outer wall: bubblewrap's command line, and what it means when bubblewrap refuses."""

import json
import shutil
from pathlib import PurePosixPath

from cvcourse.grading.isolation.errors import IsolationError
from cvcourse.grading.isolation.inside.walls import FOLDERS, HOME, SCRATCH
from cvcourse.grading.isolation.limits import Limits
from cvcourse.grading.isolation.places import Places
from cvcourse.grading.isolation.remedies import NOT_LINUX, Diagnosis, on_linux, remedy

FIRST_UID = 64001
"""Where the worker is root: the user id of the zygote and of warm kernels; cold kernels count up from it."""

# What the zygote finds at start; a kernel replaces all of it.
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": HOME,
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp/.matplotlib",
    "XDG_CACHE_HOME": "/tmp/.cache",
    "IPYTHONDIR": "/tmp/.ipython",
    "OMP_NUM_THREADS": "1",  # a thread pool in the zygote would be lost, with its locks, in every fork
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",  # read when the program starts; keeps a kernel's threads small
    "PYTHONDONTWRITEBYTECODE": "1",
    "CVCOURSE_OFFLINE": "1",
    "CVCOURSE_BUDGET": "smoke",
}


def find_program() -> str:
    """The path of bwrap. Raises `IsolationError`."""
    if not on_linux():
        raise missing(NOT_LINUX)
    program = shutil.which("bwrap")
    if program is None:
        raise missing("outer wall: there is no bubblewrap here")
    return program


def command(places: Places, settings: dict, limits: Limits, *, control: int, users: int, info: int) -> list[str]:
    """The whole command line. `control`, `users` and `info` are descriptors: the zygote's socket, the text of its
    /etc/passwd, and where bubblewrap writes the process id. `settings` are the zygote's, see `inside/zygote.py`."""
    root = settings["uid"] is not None
    line = [find_program(), "--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    line += ["--hostname", "sandbox", "--new-session", "--as-pid-1", "--info-fd", str(info), "--clearenv"]
    line += _rights(root)
    environment = ENVIRONMENT | {"PYTHONPATH": ":".join(places.search_path)}
    if places.libraries:
        environment["LD_LIBRARY_PATH"] = places.libraries
    for name, value in environment.items():
        line += ["--setenv", name, value]
    line += ["--proc", "/proc", "--dev", "/dev", *_own_folders(limits), *_binds(places)]
    line += ["--perms", "0644", "--ro-bind-data", str(users), "/etc/passwd"]
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
    if not settings["warm"]:  # a warm kernel needs this /proc to name its user, and then mounts one of its own
        line += ["--remount-ro", "/proc"]
    python = [places.program, "-P", "-s", "-B", "-m", "cvcourse.grading.isolation.inside"]
    return [*line, *python, str(control), json.dumps(settings)]


def _rights(root: bool) -> list[str]:
    """An ordinary user gets a user namespace; root keeps what it takes to leave root (`inside/leave_root.py`)."""
    if not root:
        return ["--unshare-user"]
    line = ["--cap-drop", "ALL"]
    for name in ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
        line += ["--cap-add", name]
    return line


def _own_folders(limits: Limits) -> list[str]:
    """Folders that can be written. Warm kernels mount their own over them; a cold one has these."""
    share = str((limits.scratch_mb << 20) // len(FOLDERS))
    line = []
    for target in FOLDERS.values():
        line += [*_parents(target), "--perms", "1777", "--size", share, "--tmpfs", target]
    return [*line, "--perms", "0755", "--dir", SCRATCH]


def _binds(places: Places) -> list[str]:
    line = []
    for source, target in places.binds:
        line += [*_parents(target), "--ro-bind", source, target]
    for name in ("bin", "sbin", "lib", "lib64"):
        line += ["--symlink", f"usr/{name}", f"/{name}"]
    return line


def _parents(target: str) -> list[str]:
    """bubblewrap makes missing parents with mode 0700, closed to the throw-away user: make them before."""
    line = []
    for parent in reversed(PurePosixPath(target).parents[:-1]):
        if str(parent) not in ("/dev", "/sys", "/usr"):
            line += ["--perms", "0755", "--dir", str(parent)]
    return line


def users_file(uid: int, gid: int) -> bytes:
    """An /etc/passwd with the student alone, so that nobody reads who else works on this machine."""
    return f"student:x:{uid}:{gid}:student:{HOME}:/bin/sh\n".encode()


def refusal(message: str) -> IsolationError:
    """What is wrong when bubblewrap does not run; `message` is what it (or the zygote behind it) wrote."""
    said = message.strip().splitlines()[-1] if message.strip() else "no reason given"
    if said.startswith("bwrap:"):
        return missing(f"outer wall: bubblewrap does not run here ({said})")
    return IsolationError(f"outer wall: the process behind bubblewrap did not start ({said})")


def missing(fault: str) -> IsolationError:
    """The error for a wall that cannot be built, with what to do about it."""
    return IsolationError(fault, remedy(Diagnosis("none", fault)))
