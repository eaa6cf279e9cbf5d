"""What to do where a wall is missing: told from what was refused and from Linux's own settings."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PROFILE = ("abi <abi/4.0>,", "include <tunables/global>", "profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }")
"""The AppArmor profile under which bubblewrap, and the kernels behind it, may make user namespaces."""

NOT_LINUX = f"outer wall: {platform.system()} has no bubblewrap, which is made of Linux's namespaces"


@dataclass(frozen=True)
class Diagnosis:
    """What isolation works on a machine, and why not more."""

    mode: Literal["warm", "cold", "none"]
    reason: str
    """Empty where both walls stand; else one line that names the missing wall and what was refused."""


def remedy(diagnosis: Diagnosis) -> str:
    """What to do about a missing wall, in one line; empty where both walls stand."""
    if diagnosis.mode == "warm":
        return ""
    if diagnosis.mode == "cold":
        return _cold_remedy(diagnosis.reason.lower())
    return _remedy(diagnosis.reason.lower())


def _remedy(reason: str) -> str:
    if not on_linux():
        return "grade on a Linux machine or in a virtual machine with Linux; the only way round is " + _UNSAFE
    if "no bubblewrap" in reason:
        return "install it (Debian, Ubuntu: apt install bubblewrap; Fedora, RHEL: dnf install bubblewrap)"
    if "nknown option" in reason:
        return "it is too old: version 0.7 or newer is needed"
    if not _refused(reason):
        return "grade on another machine or in a virtual machine; the only way round is " + _UNSAFE
    return (None if _as_root() else _switched_off()) or _used_up(reason) or _CONTAINER


def _cold_remedy(reason: str) -> str:
    # Also where the worker is root: kernels are made after the pre-warmed process has left root.
    return _switched_off() or _used_up(reason) or _NO_NESTING


def _switched_off() -> str | None:
    """The remedy where a setting keeps ordinary users from namespaces."""
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return _apparmor_remedy()
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return f"user namespaces are switched off: {_sysctl('kernel.unprivileged_userns_clone=1')}"
    return None


def _used_up(reason: str) -> str | None:
    """The remedy where Linux allows no, or too few, user namespaces."""
    if _setting("user/max_user_namespaces") == "0":
        return f"no user namespace is allowed: {_sysctl('user.max_user_namespaces=15000')}"
    if "enospc" in reason or "no space left" in reason or "errno 28" in reason:
        return f"too few user namespaces are allowed: {_sysctl('user.max_user_namespaces=15000')}"
    return None


def _apparmor_remedy() -> str:
    lines = "".join(f"{line}\\n" for line in PROFILE)
    steps = [f"printf '{lines}' > /etc/apparmor.d/bwrap", "apparmor_parser -r /etc/apparmor.d/bwrap"]
    if _stock_profile().exists():  # it grants bubblewrap namespaces, and nothing to what runs behind it
        off = f"ln -sf {_stock_profile()} /etc/apparmor.d/disable/"
        steps = [off, f"apparmor_parser -R {_stock_profile()}", *steps]
    return f"Ubuntu's AppArmor keeps ordinary users from user namespaces: as root, {' && '.join(steps)}"


def _refused(reason: str) -> bool:
    return "bwrap:" in reason and any(word in reason for word in _REFUSALS)


def _sysctl(setting: str) -> str:
    return f"as root, sysctl -w {setting} (and a line {setting} in /etc/sysctl.d/cvcourse.conf, to keep it)"


def on_linux() -> bool:
    """Whether there can be walls at all."""
    return sys.platform == "linux"


def _as_root() -> bool:
    return os.geteuid() == 0


def _stock_profile() -> Path:
    return Path("/etc/apparmor.d/bwrap-userns-restrict")


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""


_UNSAFE = "cvcourse grade --unsafe-no-sandbox, which runs every submission with your rights"
_REFUSALS = (
    "permission denied",
    "operation not permitted",
    "no permissions",
    "uid map",
    "no space left",
    "enospc",
    "failed ns",
)
_CONTAINER = (
    "in a container, start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined --cap-add SYS_ADMIN, or grade outside it; else in a virtual machine"
)
_NO_NESTING = f"no namespace can be made within bubblewrap's; {_CONTAINER}"
