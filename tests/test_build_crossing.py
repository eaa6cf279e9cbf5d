"""The build warns the author of a test that grading, in two processes, cannot run."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cvcourse.build import crossing

SOLUTION = "scale = None\ndef double(x):\n    return 2 * x\nclass Model:\n    pass\n"


def remarks(test: str, solution: bool = False) -> list[str]:
    """Of a notebook with `SOLUTION` as its answer and `test` as its test cell."""
    flags = {"grade_id": "a_test", "grade": True, "locked": True, "points": 1, "solution": solution}
    cells = [new_code_cell(SOLUTION, metadata={"nbgrader": {"grade_id": "a", "grade": False, "solution": True}})]
    return crossing.remarks(new_notebook(cells=[*cells, new_code_cell(test, metadata={"nbgrader": flags})]))


USES = {
    "class Mine(Model):\n    pass": "base class",
    "import inspect\nassert 'for' not in inspect.getsource(double)": "source",
    "assert double.__code__.co_argcount == 1": "source",
    "import dis\ndis.dis(scale)": "source",
    "import torch\nslope = torch.func.grad(double)(torch.ones(()))": "transform",
    "import torch\ntorch.vmap(lambda x: double(x))(torch.ones(3))": "transform",
    "assert id(Model) == id(Model)": "identity",
}


@pytest.mark.parametrize("test", USES)
def test_what_cannot_be_graded_is_named(test):
    (remark,) = remarks(test)
    assert remark.startswith("cell 2 (a_test) uses ")
    assert USES[test] in remark
    assert "\n" not in remark


@pytest.mark.parametrize(
    "test",
    [
        "assert double(2) == 4 and isinstance(Model(), Model)",
        "import inspect\nassert list(inspect.signature(double).parameters) == ['x']",
        "import inspect\ndef own(): pass\ninspect.getsource(own)",
        "import torch\ntorch.func.grad(lambda x: x**2)(torch.ones(()))",
    ],
)
def test_what_can_be_graded_is_not(test):
    assert remarks(test) == []


def test_cells_without_a_test_are_not_looked_at():
    assert remarks("class Mine(Model):\n    pass", solution=True) == []


def test_unit_01_has_none(root):
    import jupytext

    assert crossing.remarks(jupytext.read(root / "source" / "assignments" / "01_convolutions.py")) == []
