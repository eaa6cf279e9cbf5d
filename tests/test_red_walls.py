"""What a whole submission may take behind the walls: time without computing, room for outputs, names of the tests."""

import json
import time

import pytest
from nbformat.v4 import new_code_cell

from cvcourse.grading.execute import Limits
from cvcourse.grading.marking import mark
from cvcourse.grading.outcomes import Outcome
from cvcourse.grading.proxies.cell_names import bound_names
from cvcourse.grading.walled import Walls
from tests import tiny_course as tiny


@pytest.fixture(scope="module")
def walls(zygote):
    with Walls(zygote=zygote) as walls:
        yield walls


@pytest.fixture
def marked(walls):
    def run(cells, *, source=None, place=2, limits=Limits(cell=2, notebook=20, given=20), **answers):  # noqa: B008
        notebook = tiny.handed_in(**answers)
        notebook.cells[place:place] = [new_code_cell(text) for text in cells]
        return mark(source or tiny.solved(), tiny.as_bytes(notebook), "7", limits, stubs=tiny.STUBS, run=walls.run)

    return run


@pytest.mark.sandbox
@pytest.mark.parametrize("cell", ["import time; time.sleep(1.5)", "import os; os._exit(0)"], ids=["sleep", "exit"])
def test_many_cells_that_compute_nothing_hold_no_worker(marked, cell):
    limits = Limits(cell=1, notebook=1.5, given=1.5, patience=2)
    began = time.monotonic()
    result = marked([cell] * 300, limits=limits)
    assert time.monotonic() - began < limits.whole_wall + 15
    assert {one.outcome for one in result.verdicts} == {Outcome.TIMED_OUT}
    assert "the whole notebook" in result.verdicts[0].reason


@pytest.mark.sandbox
def test_all_cells_together_show_a_bounded_amount(marked):
    show = "from IPython.display import display\n"
    show += "for _ in range(9):\n    display({'text/plain': 'a'}, raw=True, display_id='same')\n"
    update = "display({'text/plain': 'b' * 2_000}, raw=True, display_id='same', update=True)"
    limits = Limits(cell=5, notebook=60, given=20, output=20_000)
    result = marked([show, *["print('x' * 15_000)", update] * 60], limits=limits)
    assert sum(one.points for one in result.verdicts) == 10
    assert len(json.dumps(result.notebook)) < 22 * limits.output
    assert "have shown too much" in json.dumps(result.notebook)


@pytest.mark.sandbox
def test_what_an_earlier_test_bound_is_not_asked_of_the_answer_after_a_crash(marked):
    source = tiny.solved()
    tiny.cell_of(source, "double-visible").source = "cases = [(1, 2), (4, 8)]\nassert double(3) == 6"
    tiny.cell_of(source, "shift-hidden").source = "for given, wanted in cases:\n    assert double(given) == wanted"
    wrong = {"double": "def double(x):\n    return 0", "shift": "cases = []\ndef shift(x):\n    return x"}
    result = marked(["import os; os._exit(0)"], source=source, place=6, **wrong)
    assert sum(one.points for one in result.verdicts) == 0


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a.b, c as d\nfrom e import f\nx, (y, *z) = 1, [2]\nx: int = 3", "a d f x y z"),
        ("def f(a):\n    b = a\nclass C:\n    c = 1\nfor i in [k for k in d]:\n    pass", "f C i"),
        ("with open(p) as q:\n    pass\nif (n := 1): pass\nprint(o)", "q n"),
        ("%time x = 1\ny = 2", "y"),
        ("not python at all (", ""),
    ],
)
def test_the_names_that_a_cell_binds(source, names):
    assert bound_names(source) == frozenset(names.split())
