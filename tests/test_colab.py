"""The base install adds only what Colab lacks and moves nothing that Colab has.

The way that works: a fake environment that holds nothing but dist-info folders with Colab's names and versions, and a
dry run of uv against it. A line that begins with "-" means that something installed would be replaced.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

FREEZE = Path(__file__).parent / "colab" / "pip-freeze.gpu.txt"
PYTHON = "3.13"
# What may be new on Colab. Nothing is, today.
MAY_BE_ADDED: set[str] = set()


def colab_versions() -> dict[str, str]:
    """Name to version of what Colab has."""
    lines = FREEZE.read_text(encoding="utf-8").splitlines()
    return dict(re.fullmatch(r"([A-Za-z0-9_.-]+)==(\S+)", line).groups() for line in lines if "==" in line)


@pytest.fixture(scope="module")
def fake_colab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment whose packages are names and versions only."""
    folder = tmp_path_factory.mktemp("colab") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python*/site-packages"))
    for name, version in colab_versions().items():
        info = site / f"{re.sub(r'[-.]+', '_', name)}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
        (info / "RECORD").write_text("", encoding="utf-8")
    return folder / "bin" / "python"


def dry_run(python: Path, requirements: list[str], tmp_path: Path) -> list[str]:
    """What uv would change: lines such as "+ name==1.0" and "- name==0.9"."""
    listed = tmp_path / "requirements.in"
    listed.write_text("\n".join(requirements) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--python", str(python)]
    command += ["--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_28", "-r", str(listed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0 and "error sending request" in done.stderr:
        pytest.skip("no package registry can be reached")
    assert done.returncode == 0, done.stderr
    return [line.strip() for line in done.stderr.splitlines() if re.match(r"\s*[-+~] ", line)]


def base_requirements() -> list[str]:
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["dependencies"]


def test_the_list_is_colabs() -> None:
    versions = colab_versions()
    assert len(versions) > 400
    assert versions["ipywidgets"] == "7.7.1"
    assert versions["torch"].startswith("2.")


def test_base_install_moves_nothing_on_colab(fake_colab: Path, tmp_path: Path) -> None:
    changes = dry_run(fake_colab, base_requirements(), tmp_path)
    assert not [line for line in changes if not line.startswith("+")], changes
    added = {re.match(r"\+ ([A-Za-z0-9_.-]+)==", line).group(1) for line in changes}
    assert added <= MAY_BE_ADDED, f"the base install would add {sorted(added - MAY_BE_ADDED)} on Colab"


def test_the_test_sees_a_move(fake_colab: Path, tmp_path: Path) -> None:
    """A bound above Colab's version must show as a replacement, or the test above could not fail."""
    changes = dry_run(fake_colab, ["ipywidgets>=8"], tmp_path)
    assert any(line.startswith("- ipywidgets==7.7.1") for line in changes), changes
