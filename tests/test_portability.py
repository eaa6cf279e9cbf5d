"""What a notebook imports works where POSIX-only modules do not exist, and `import cvcourse` itself stays light."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "cvcourse"
# The instructor's side needs Linux, macOS or WSL2; everything else must import on Windows too.
INSTRUCTOR_ONLY = {"build", "grading"}

HIDE_POSIX = """
import os, sys
for name in ("fcntl", "resource", "pwd", "grp", "termios", "syslog"):
    sys.modules[name] = None
for name in ("fork", "forkpty", "getuid", "geteuid", "setsid", "killpg", "register_at_fork"):
    if hasattr(os, name):
        delattr(os, name)
"""


def notebook_modules() -> list[str]:
    """Every module outside the instructor's side, as a dotted name."""
    paths = [p.relative_to(PACKAGE.parent) for p in sorted(PACKAGE.rglob("*.py"))]
    paths = [p for p in paths if p.parts[1] not in INSTRUCTOR_ONLY and p.stem not in INSTRUCTOR_ONLY]
    return [".".join(p.with_suffix("").parts).removesuffix(".__init__") for p in paths]


def python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)


def test_modules_are_found() -> None:
    assert {"cvcourse", "cvcourse.cli", "cvcourse.data", "cvcourse.guard", "cvcourse.widgets"} <= set(
        notebook_modules()
    )


def test_notebook_helpers_import_without_posix() -> None:
    """Third-party packages are imported first: they have their own ways round what is hidden."""
    code = (
        "import torch, torchvision, matplotlib.pyplot, skimage, sklearn, pooch, tqdm.auto, ipywidgets, IPython, typer\n"
    )
    code += "import matplotlib_inline.backend_inline, rich.console, rich.progress, scipy.signal, torchvision.datasets\n"
    code += HIDE_POSIX + "import importlib\n"
    code += f"for name in {notebook_modules()!r}:\n    importlib.import_module(name)\n"
    done = python(code)
    assert done.returncode == 0, done.stderr


def test_check_works_without_posix_and_without_nbgrader() -> None:
    """`cvcourse check` is part of a student's bundle, whose install brings no nbgrader."""
    code = "import nbclient, nbformat, jupyter_client, psutil, torch, typer, sys\n" + HIDE_POSIX
    code += "for name in ('nbgrader', 'jupytext', 'sqlalchemy'):\n    sys.modules[name] = None\n"
    done = python(code + "import cvcourse.grading.check")
    assert done.returncode == 0, done.stderr


def test_hiding_works() -> None:
    assert python(HIDE_POSIX + "import fcntl").returncode != 0
    assert python(HIDE_POSIX + "import os; os.fork()").returncode != 0


@pytest.mark.parametrize("heavy", ["torch", "matplotlib", "numpy", "typer", "IPython", "nbgrader"])
def test_import_cvcourse_loads_nothing_heavy(heavy: str) -> None:
    done = python(f"import sys, cvcourse; sys.exit({heavy!r} in sys.modules)")
    assert done.returncode == 0, done.stderr or f"import cvcourse loads {heavy}"


def test_help_loads_no_torch() -> None:
    code = "import sys, runpy; sys.argv = ['cvcourse', '--help']\n"
    code += "try:\n    runpy.run_module('cvcourse.cli', run_name='__main__')\nexcept SystemExit:\n    pass\n"
    done = python(code + "sys.exit('torch' in sys.modules or 'nbgrader' in sys.modules)")
    assert done.returncode == 0, done.stderr or "cvcourse --help loads torch or nbgrader"


def test_notebook_helpers_do_not_know_the_instructors_side() -> None:
    """Imports point one way; the command line and `lab` may reach the instructor's side inside their functions."""
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).parts
        if parts[0] in INSTRUCTOR_ONLY or path.stem in {"cli", "lab", "doctor"}:
            continue
        text = path.read_text(encoding="utf-8")
        assert "cvcourse.grading" not in text and "cvcourse.build" not in text, path


def test_no_answer_in_the_package() -> None:
    """`cvcourse` never holds an answer to an assignment: no function that an exercise asks for is defined in it."""
    assignments = PACKAGE.parent / "source" / "assignments"
    asked = set()
    for source in assignments.glob("*.py"):
        text = source.read_text(encoding="utf-8")
        for cell in re.split(r"^# %%", text, flags=re.MULTILINE):
            if "### BEGIN SOLUTION" in cell:
                asked |= set(re.findall(r"^(?:def|class) (\w+)", cell, re.MULTILINE))
    assert asked, "no exercise was found"
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert not defined & asked, f"{path} defines {sorted(defined & asked)}, which an exercise asks for"
