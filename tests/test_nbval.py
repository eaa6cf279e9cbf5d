"""The built notebooks run again: smoke budget, embedded data, no network; their deterministic outputs must hold."""

import os
import subprocess
import sys

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbformat.v4 import new_code_cell, new_notebook, new_output

from cvcourse.build import nbval
from cvcourse.build.notebook import write
from cvcourse.errors import BuildError
from cvcourse.paths import CoursePaths
from tests.conftest import ROOT

PATHS = CoursePaths(root=ROOT, class_dir=ROOT / "class")


@pytest.mark.parametrize(
    "notebook",
    [
        pytest.param(path, marks=pytest.mark.unit(path.stem), id=path.relative_to(ROOT).as_posix())
        for path in nbval.notebooks(PATHS)
    ],
)
def test_deterministic_outputs_hold_in_the_smoke_budget(notebook):
    verdict = nbval.run(notebook, PATHS, budget="smoke")
    assert verdict.passed, verdict.log


def test_every_source_has_its_notebook_here():
    lectures, assignments = (sorted((ROOT / "source" / kind).glob("*.py")) for kind in ("lectures", "assignments"))
    assert [path.stem for path in nbval.notebooks(PATHS)] == [path.stem for path in (*lectures, *assignments)]


def cell(text: str, output: str = "", *tags: str):
    """A cell that once printed `output`."""
    outputs = [new_output("stream", name="stdout", text=output)] if output else []
    return new_code_cell(text, execution_count=1, outputs=outputs, metadata={"tags": list(tags)})


def checkout(tmp_path, *cells) -> CoursePaths:
    """A checkout with one lecture of these cells."""
    write(new_notebook(cells=list(cells)), tmp_path / "course" / "lectures" / "01_tiny.ipynb")
    return CoursePaths(root=tmp_path, class_dir=tmp_path / "class")


def verdict_on(paths: CoursePaths) -> nbval.Verdict:
    (verdict,) = nbval.verdicts(paths, budget="smoke", kernel="python3")
    return verdict


def test_compares_tagged_outputs_only(tmp_path):
    budget = cell("import os\nprint(os.environ['CVCOURSE_BUDGET'])", "smoke\n", "nbval-check-output")
    verdict = verdict_on(checkout(tmp_path, budget, cell("print(6 * 7)", "43\n")))
    assert verdict.passed, verdict.log
    assert verdict.name == "course/lectures/01_tiny.ipynb" and not verdict.retried


def test_notices_other_outputs_and_errors(tmp_path):
    wrong = cell("print(6 * 7)", "43\n", "nbval-check-output")
    verdict = verdict_on(checkout(tmp_path, cell("fine = 1"), wrong, cell("1 / 0")))
    assert not verdict.passed and not verdict.retried
    assert "1 passed" in verdict.log and "2 failed" in verdict.log and "ZeroDivisionError" in verdict.log


def test_a_hang_is_tried_once_more(tmp_path, monkeypatch):
    monkeypatch.setitem(nbval.CELL_SECONDS, "smoke", 1)
    flag = str(tmp_path / "flag")
    once = f"import os, time\nif not os.path.exists({flag!r}):\n    open({flag!r}, 'w').close()\n    time.sleep(60)\n"
    verdict = verdict_on(checkout(tmp_path, cell(once)))
    assert verdict.retried and verdict.passed, verdict.log


def test_no_notebooks_is_an_error(tmp_path):
    with pytest.raises(BuildError, match="no notebook to run: make them"):
        list(nbval.verdicts(CoursePaths(root=tmp_path, class_dir=tmp_path), budget="smoke", kernel="python3"))


def test_gpu_kernel_is_found_in_the_checkout():
    spec = KernelSpecManager(kernel_dirs=[str(ROOT / "kernels")]).get_kernel_spec(nbval.GPU_KERNEL)
    assert spec.language == "python" and spec.resource_dir == str(ROOT / "kernels" / "cvcourse-gpu")
    assert spec.argv[1] == "{resource_dir}/launch.py"


@pytest.fixture
def without_cuda(tmp_path) -> dict[str, str]:
    """An environment whose torch finds no CUDA, and costs no time to import."""
    (tmp_path / "torch.py").write_text(
        "class cuda:\n    is_available = staticmethod(lambda: False)\n", encoding="utf-8"
    )
    return {**os.environ, "PYTHONPATH": str(tmp_path), "CVCOURSE_ROOT": str(ROOT)}


def test_gpu_kernel_refuses_a_machine_without_cuda(without_cuda):
    launch = [sys.executable, str(ROOT / "kernels" / "cvcourse-gpu" / "launch.py"), "-f", "none.json"]
    done = subprocess.run(launch, env=without_cuda, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("cvcourse-gpu: torch finds no CUDA device here")


def test_preflight_says_so_in_one_line_and_exits_with_2(without_cuda):
    command = [sys.executable, "-m", "cvcourse.build.nbval", "--budget", "gpu", "--kernel", nbval.GPU_KERNEL]
    done = subprocess.run(command, env=without_cuda, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and not done.stdout
    assert (
        done.stderr == "nbval: the kernel cvcourse-gpu demands CUDA, and torch finds no CUDA device on this machine\n"
    )
