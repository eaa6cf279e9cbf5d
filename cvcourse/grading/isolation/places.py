"""Where Python and the packages are, here and behind the wall.

Inside they have fixed places, so that no path tells whose machine it is, and so that an interpreter under a home folder
or under /tmp is found although those are covered.
"""

import site
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import cvcourse

PYTHON, PACKAGES, COURSE = "/python", "/packages", "/course/cvcourse"
PARTS = ("bin", "lib", "lib64", "share")
SYSTEM = Path("/usr")
# Read by the C library, by fontconfig and by whoever counts processors. No /etc/passwd: it gets one of its own.
SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/sys/devices/system/cpu",
)


@dataclass(frozen=True)
class Places:
    """What to show read-only (source here, target inside), and how to start Python there."""

    binds: tuple[tuple[str, str], ...]
    program: str
    search_path: tuple[str, ...]
    libraries: str | None


def find_places() -> Places:
    """The places of this interpreter, its packages and this package."""
    base = Path(sys.base_prefix).resolve()
    program = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    binds = [(str(SYSTEM), str(SYSTEM))]
    binds += [(path, path) for path in SYSTEM_FILES if Path(path).exists()]
    inside = base
    if not base.is_relative_to(SYSTEM):
        inside = Path(PYTHON)
        # Not the whole prefix: somebody may keep a course in the folder of an environment.
        binds += [(str(base / part), f"{PYTHON}/{part}") for part in PARTS if (base / part).is_dir()]
    search = []
    for folder in _package_folders(base):
        target = f"{PACKAGES}/{len(search)}"
        binds.append((str(folder), target))
        search.append(target)
    binds.append((str(Path(cvcourse.__file__).resolve().parent), COURSE))
    shared = sysconfig.get_config_var("Py_ENABLE_SHARED")
    return Places(
        binds=tuple(binds),
        program=str(inside / program.relative_to(base)),
        search_path=(str(Path(COURSE).parent), *search),
        libraries=f"{PYTHON}/lib" if shared and inside != base else None,
    )


def _package_folders(base: Path) -> list[Path]:
    """Folders with installed packages outside the interpreter's own tree, in the order of the search path."""
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    found: list[Path] = []
    for folder in folders:
        path = Path(folder).resolve()
        if path.is_dir() and not path.is_relative_to(base) and not path.is_relative_to(SYSTEM) and path not in found:
            found.append(path)
    return found
