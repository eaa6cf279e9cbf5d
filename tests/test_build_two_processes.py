"""The build remarks on tests that hold in its own kernel, but not where grading runs answer and test apart."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from cvcourse.build import pipeline, two_processes
from cvcourse.build.two_processes import TwoProcesses
from cvcourse.grading.isolation import IsolationError
from cvcourse.grading.walled import Walls
from tests.tiny_source import ASSIGNMENT, TEST, make_checkout

SOLVED = "def double(number: int) -> int:"
CLASS = f"class Doubler:\n    def double(self, number):\n        return 2 * number\n\n\n{SOLVED}"
UNGRADED = TEST.replace('"grade": true', '"grade": false').replace('"points": 2,', "").replace("double-test", "helpers")


def with_test(text: str, answer: str = SOLVED) -> str:
    """The tiny assignment with a further test of two points below its own."""
    nbgrader = TEST.replace("double-test", "double-odd")
    return f"{ASSIGNMENT.replace(SOLVED, answer)}\n# %% nbgrader={nbgrader}\n{text}\n"


@pytest.fixture(autouse=True)
def not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The build's own run is not what is looked at here."""
    monkeypatch.setattr(pipeline, "execute", lambda notebook, *_, **__: (deepcopy(notebook), []))


@pytest.fixture(scope="module")
def grading(zygote) -> Iterator[TwoProcesses]:
    with Walls(zygote=zygote) as walls, TwoProcesses(walls) as grading:
        yield grading


@pytest.fixture
def remarks(grading: TwoProcesses, tmp_path: Path):
    """The build's remarks on an assignment."""

    def build(assignment: str) -> list[str]:
        paths = make_checkout(tmp_path / "checkout", assignment=assignment)
        (built,) = pipeline.build(paths, ["assignments/01"], graded=grading.remarks)
        assert built.state == "built" and built.source.released.is_file()
        return built.remarks

    return build


@pytest.mark.sandbox
def test_an_ordinary_assignment_needs_no_remark(remarks) -> None:
    assert remarks(ASSIGNMENT) == []


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("test", "answer"),
    [
        ("import inspect\nassert 'return' in inspect.getsource(double)", SOLVED),
        ("class Mine(Doubler):\n    pass\n\n\nassert Mine().double(2) == 4", CLASS),
    ],
    ids=["source", "base class"],
)
def test_what_cannot_cross_is_remarked_on(test: str, answer: str, remarks) -> None:
    (remark,) = remarks(with_test(test, answer))
    assert remark.startswith("cell 6 (double-odd): grading's two processes do not pass it (")
    assert ("failed: " in remark or "refused: " in remark) and "\n" not in remark


@pytest.mark.sandbox
def test_a_given_cell_that_needs_the_answer_is_remarked_on(remarks) -> None:
    given = f'# %% nbgrader={UNGRADED} tags=["given"]\nfour = double(2)\n'
    (remark,) = remarks(f"{ASSIGNMENT}\n{given}")
    assert "given cell helpers" in remark and "in test cells only" in remark


def test_without_walls_it_says_once_for_each_assignment_that_nothing_was_tried(monkeypatch, tmp_path: Path) -> None:
    tries = []

    def refuse():
        tries.append(1)
        raise IsolationError("outer wall: there is no bubblewrap here", "install it")

    monkeypatch.setattr(two_processes, "Walls", refuse)
    paths = make_checkout(tmp_path / "checkout")
    with TwoProcesses() as grading:
        built = pipeline.build(paths, graded=grading.remarks)
        again = pipeline.build(paths, ["assignments/01"], graded=grading.remarks, force=True)
    note = ["not tried in grading's two processes: outer wall: there is no bubblewrap here"]
    assert [one.remarks for one in built] == [[], note] and again[0].remarks == note
    assert len(tries) == 1


def test_only_what_was_run_is_graded(tmp_path: Path) -> None:
    paths = make_checkout(tmp_path / "checkout")
    graded = []

    def keep(solution: Path, unit: str) -> list[str]:
        graded.append((solution, unit))
        return ["a remark"]

    assert [one.remarks for one in pipeline.build(paths, graded=keep)] == [[], ["a remark"]]
    assert [one.remarks for one in pipeline.build(paths, graded=keep)] == [[], []]
    assert graded == [(paths.root / "solutions/01_tiny/01_tiny.ipynb", "01_tiny")]
