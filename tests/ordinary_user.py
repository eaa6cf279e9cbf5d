"""Run a command as an ordinary user, also where the tests run as root and Python lies in root's closed home."""

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

UID = 54321

# Arguments: a folder to hold things, then pairs "closed folder", "path in it that is needed" up to "--", the command.
_SCRIPT = """
hold=$1; shift
count=0
for pair in "$@"; do
    [ "$pair" = -- ] && break
    path=${pair#*|}; count=$((count + 1))
    mkdir "$hold/$count"; mount --rbind "$path" "$hold/$count"
done
covered=
count=0
while [ "$1" != -- ]; do
    closed=${1%%|*}; path=${1#*|}; count=$((count + 1)); shift
    [ "$closed" = "$covered" ] || mount -t tmpfs -o mode=0755 tmpfs "$closed"
    covered=$closed
    mkdir -p "$path"; mount --move "$hold/$count" "$path"
done
shift
exec setpriv --reuid=%UID% --regid=%UID% --clear-groups --inh-caps=-all --bounding-set=-all "$@"
""".replace("%UID%", str(UID))


def _closed_parent(path: Path) -> Path | None:
    """The outermost folder above `path` that others may not enter."""
    for parent in reversed(path.parents):
        if not parent.stat().st_mode & stat.S_IXOTH:
            return parent
    return None


def as_ordinary_user(command: list[str], folder: Path) -> list[str]:
    """`command`, such that it runs without any right: as it is for an ordinary user, as user 54321 for root.

    In a mount namespace of its own, closed folders above the interpreter, the packages and the checkout are replaced
    by open ones that hold these alone. `folder` is for the mounts.
    """
    if os.geteuid() != 0:
        return command
    for program in ("unshare", "setpriv", "mount"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} here to become an ordinary user with")
    needed = {Path(path).resolve() for path in (sys.base_prefix, sys.prefix, ROOT)}
    pairs = sorted(f"{closed}|{path}" for path in needed if (closed := _closed_parent(path)))
    hold = tempfile.mkdtemp(dir=folder)
    unshare = ["unshare", "--mount", "--propagation", "private", "sh", "-eu", "-c", _SCRIPT, "sh"]
    return [*unshare, hold, *pairs, "--", *command]
