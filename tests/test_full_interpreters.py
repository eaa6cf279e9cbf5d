"""`make test-full` only: the package in fresh environments, at Colab's versions and on the other Pythons found here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_colab import colab_versions

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]

# What the base package and a notebook's kernel take from Colab, at Colab's versions.
FROM_COLAB = [
    "ipywidgets", "ipython", "ipykernel", "jupyter_client", "matplotlib", "matplotlib-inline", "numpy", "pillow",
    "pooch", "rich", "scikit-image", "scikit-learn", "scipy", "torch", "torchvision", "tqdm", "traitlets", "typer",
    "nbclient", "nbformat",
]  # fmt: skip
# The tests of what notebooks import. They need no browser, no nbgrader and no built notebook.
HELPER_TESTS = [
    "tests/test_session.py", "tests/test_training.py", "tests/test_plotting.py", "tests/test_widgets.py",
    "tests/test_checks.py", "tests/test_guard.py",
]  # fmt: skip


def uv(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "uv", *arguments], capture_output=True, text=True, timeout=1700)
    if done.returncode != 0 and "error sending request" in done.stderr:
        pytest.skip("no package registry can be reached")
    assert done.returncode == 0, done.stderr[-3000:]


def interpreter(version: str) -> str:
    """The path of this Python, on PATH or among pyenv's, or a skip where there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}"), *sorted(pyenv.glob(f"versions/{version}.*/bin/python"))]
    for path in filter(None, candidates):
        if subprocess.run([str(path), "-c", "import venv"], capture_output=True).returncode == 0:
            return str(path)
    return pytest.skip(f"no Python {version} on this machine")


def run_helper_tests(python: Path, root: Path, *options: str) -> None:
    """The helpers' tests on this interpreter."""
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *HELPER_TESTS]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment, timeout=1500)
    assert done.returncode == 0, done.stdout[-5000:]


def test_colab_versions(root: Path, tmp_path: Path) -> None:
    """The helpers on Python 3.13 with Colab's own torch, IPython 7 and ipywidgets 7."""
    python = interpreter("3.13")
    versions = {name.lower().replace("_", "-"): version for name, version in colab_versions().items()}
    pins = [f"{name}=={versions[name.lower().replace('_', '-')].split('+')[0]}" for name in FROM_COLAB]
    uv("venv", "-q", "-p", python, str(tmp_path / "venv"))
    target = tmp_path / "venv" / "bin" / "python"
    # pkg_resources, which ipywidgets 7's kernel packages import, left setuptools after version 81.
    uv("pip", "install", "-q", "-p", str(target), *pins, "setuptools<81", "pytest", "pytest-socket", "pytest-timeout")
    uv("pip", "install", "-q", "-p", str(target), "--no-deps", "-e", str(root))
    # Colab's libraries warn about each other; that is not ours to mend.
    run_helper_tests(target, root, "-o", "filterwarnings=default")


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_lock_on_other_pythons(root: Path, tmp_path: Path, version: str) -> None:
    """The locked set installs on this interpreter, and the helpers' tests pass there."""
    python = interpreter(version)
    uv("venv", "-q", "-p", python, str(tmp_path / "venv"))
    target = tmp_path / "venv" / "bin" / "python"
    uv("pip", "install", "-q", "-p", str(target), "--require-hashes", "-r", str(root / "requirements.lock"))
    uv("pip", "install", "-q", "-p", str(target), "--no-deps", "--no-build-isolation", "-e", str(root))
    run_helper_tests(target, root)
