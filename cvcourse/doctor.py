"""`cvcourse doctor`: looks at the machine and says, for each thing that the course needs, what to do about it."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

OK, NOTE, PROBLEM = "ok", "note", "problem"
EXTRAS = {
    "lab": ["jupyterlab", "ipykernel", "nbclient", "nbformat"],
    "grading": ["nbgrader", "jupytext", "nbconvert", "hatchling"],
}
BASE = ["torch", "torchvision", "matplotlib", "ipywidgets", "scikit-image", "scikit-learn", "pooch"]
FREE_GIGABYTES = 1.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, and what to do unless all is well."""

    subject: str
    state: str
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def check_python() -> Finding:
    """The interpreter and its platform."""
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("python", OK, found)


def check_packages() -> Finding:
    """What a notebook imports."""
    versions = {name: _version(name) for name in BASE}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        return Finding("packages", PROBLEM, f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    return Finding("packages", OK, ", ".join(f"{name} {version}" for name, version in versions.items()))


def check_extra(extra: str) -> Finding:
    """The packages of one extra, which only some readers need."""
    missing = [name for name in EXTRAS[extra] if _version(name) is None]
    if missing:
        return Finding(extra, NOTE, f"missing: {', '.join(missing)}", f"for these, pip install 'cvcourse[{extra}]'")
    return Finding(extra, OK, ", ".join(f"{name} {_version(name)}" for name in EXTRAS[extra]))


def check_device() -> Finding:
    """A GPU that torch can use, or the CPU."""
    if importlib.util.find_spec("torch") is None:
        return Finding("device", PROBLEM, "torch is not installed", "pip install torch torchvision")
    import torch

    if torch.cuda.is_available():
        return Finding("device", OK, f"GPU {torch.cuda.get_device_name()} (CUDA {torch.version.cuda})")
    if torch.backends.mps.is_available():
        return Finding("device", OK, "Apple GPU (MPS)")
    threads = torch.get_num_threads()
    return Finding(
        "device", NOTE, f"no GPU, {threads} CPU threads", "nothing: every notebook also runs on the CPU budget"
    )


def check_data() -> Finding:
    """Where the data sets come from."""
    folder = os.environ.get("CVCOURSE_DATA")
    if folder and not Path(folder).is_dir():
        return Finding("data", PROBLEM, f"CVCOURSE_DATA names {folder}, which is no folder", "correct it or unset it")
    if folder:
        return Finding("data", OK, f"real sets are looked for in {folder} first (CVCOURSE_DATA)")
    if os.environ.get("CVCOURSE_OFFLINE") == "1":
        return Finding(
            "data", NOTE, "CVCOURSE_OFFLINE=1: what is on disk, else the embedded sets", "unset it to download"
        )
    return Finding("data", OK, "real sets up to 50 MB are downloaded when first used, else the embedded ones serve")


def check_disk() -> Finding:
    """Free space where data sets and notebooks are written."""
    free = shutil.disk_usage(Path.home()).free / 1e9
    if free < FREE_GIGABYTES:
        return Finding(
            "disk", PROBLEM, f"{free:.1f} GB free in the home folder", "make room: data sets need about 1 GB"
        )
    return Finding("disk", OK, f"{free:.0f} GB free in the home folder")


def check_kernel() -> Finding:
    """The kernel that `cvcourse check` and JupyterLab start."""
    if importlib.util.find_spec("ipykernel") is None:
        return Finding("kernel", PROBLEM, "ipykernel is not installed", "pip install ipykernel")
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return Finding("kernel", PROBLEM, "no kernel is called python3", "python -m ipykernel install --user")
    if shutil.which(program) is None:
        return Finding("kernel", PROBLEM, f"the kernel python3 starts {program}, which is gone", "make setup")
    return Finding("kernel", OK, "the kernel python3 is there")


def check_sandbox() -> Finding:
    """The walls around the code of a submission: both are built and tried."""
    if importlib.util.find_spec("nbformat") is None or importlib.util.find_spec("IPython") is None:
        return Finding(
            "sandbox", NOTE, "not looked for: it needs nbformat", "for grading, pip install 'cvcourse[grading]'"
        )
    from cvcourse.grading.isolation import diagnose, remedy

    found = diagnose()
    if found.mode == "warm":
        return Finding("sandbox", OK, "grading walls every submission in, in milliseconds")
    effect = "grading starts a cold kernel for each, in seconds" if found.mode == "cold" else "grading refuses to run"
    return Finding("sandbox", NOTE, f"{found.reason}: {effect}", remedy(found))


CHECKS: list[Callable[[], Finding]] = [
    check_python,
    check_packages,
    lambda: check_extra("lab"),
    lambda: check_extra("grading"),
    check_device,
    check_data,
    check_disk,
    check_kernel,
    check_sandbox,
]


def examine() -> list[Finding]:
    """All findings, in the order of the list above."""
    return [check() for check in CHECKS]
