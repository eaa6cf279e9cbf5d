"""Every broken notebook ends with a definite result and a reason in the report, and takes nobody with it."""

import json
import os

import pytest

from cvcourse.grading.execute import Limits
from cvcourse.grading.grade import Options, grade_class
from cvcourse.grading.report import report
from tests import tiny_course as tiny

pytestmark = pytest.mark.sandbox
LIMITS = Limits(cell=1, notebook=8, given=20, patience=2)
OLD_CELLS = "worksheets"


def _without_metadata():
    work = tiny.handed_in()
    for cell in work.cells:
        cell.metadata = {}
    return work


def _reversed():
    work = tiny.handed_in()
    work.cells.reverse()
    return work


def _other_types():
    work = tiny.handed_in()
    for cell in work.cells:
        if cell.cell_type == "code" and cell.id not in ("double", "shift"):
            cell.cell_type = "markdown"
            cell.pop("outputs"), cell.pop("execution_count")
    return work


def _doubled():
    work = tiny.handed_in()
    work.cells += json.loads(json.dumps(work.cells))
    return tiny.as_bytes(work)


def _deleted(*names):
    work = tiny.handed_in()
    work.cells = [cell for cell in work.cells if cell.id not in names]
    return work


def _other_kernel():
    work = tiny.handed_in()
    work.metadata = {"kernelspec": {"name": "julia-1.10", "display_name": "Julia", "language": "julia"}}
    return work


def _old_format():
    cells = [
        {"cell_type": "code", "input": c.source, "metadata": dict(c.metadata), "outputs": [], "language": "python"}
        for c in tiny.handed_in().cells
        if c.cell_type == "code"
    ]
    return json.dumps({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, OLD_CELLS: [{"cells": cells}]}).encode()


def _huge():
    work = tiny.handed_in()
    tiny.cell_of(work, "double").outputs = [
        {"output_type": "stream", "name": "stdout", "text": "x" * 40_000_000} for _ in range(1)
    ]
    return tiny.as_bytes(work)


def _with_cell(text):
    work = tiny.handed_in()
    work.cells.insert(3, {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "id": "own"})
    return tiny.as_bytes(work)


# what is handed in: (file, points, status, what the reason or a note says)
CASES = {
    "invalid": (b'{"cells": [', 0, "broken", "not valid JSON"),
    "empty": (b"", 0, "broken", "empty"),
    "binary": (bytes(range(256)), 0, "broken", "not text"),
    "conflict": (b'{"cells": [<<<<<<< HEAD\n=======\n>>>>>>> theirs\n', 0, "broken", "merge conflict"),
    "stranger": (json.dumps({"cells": [{"cell_type": "code", "source": "1"}]}).encode(), 0, "broken", "another"),
    "too_large": (b" " * 100_000_001, 0, "broken", "MB"),
    "deep": (b'{"cells": ' + b"[" * 200_000, 0, "broken", "not valid JSON"),
    "old": (_old_format(), 10, "graded", "old format 3"),
    "utf16": (json.dumps(tiny.handed_in()).encode("utf-16"), 10, "graded", ""),
    "bom": (json.dumps(tiny.handed_in()).encode("utf-8-sig"), 10, "graded", ""),
    "no_metadata": (_without_metadata(), 10, "graded", "recognised by their content"),
    "doubled": (_doubled(), 10, "graded", "2 times"),
    "reversed": (_reversed(), 10, "graded", ""),
    "other_types": (_other_types(), 10, "graded", ""),
    "no_tests": (_deleted("double-visible", "double-hidden"), 10, "graded", "were put back"),
    "no_answer": (_deleted("double"), 5, "graded", "answer cells are missing: double"),
    "other_kernel": (_other_kernel(), 10, "graded", ""),
    "huge": (_huge(), 10, "graded", ""),
    "exits": (_with_cell("exit()"), 10, "graded", ""),
    "dies": (_with_cell("import os\nos._exit(3)"), 10, "graded", "was left out: the kernel ended"),
    "segfaults": (_with_cell("import ctypes\nctypes.string_at(0)"), 10, "graded", "was left out: the kernel ended"),
    "sleeps": (_with_cell("import time\ntime.sleep(1000)"), 10, "graded", "was left out: it took more than 2 seconds"),
    "floods": (_with_cell("while True: print('x' * 1_000_000)"), 10, "graded", ""),
    "asks": (_with_cell("input('name? ')"), 10, "graded", ""),
    "magic": (_with_cell("%%bash\nrm -rf / 2>/dev/null; kill -9 -1"), 10, "graded", ""),
}


@pytest.fixture(scope="module")
def graded(zygote, tmp_path_factory):
    from cvcourse.grading.walled import Walls

    walls = Walls(zygote=zygote)

    class FarmThere(tiny.FarmHere):
        run = staticmethod(walls.run)

    paths = tiny.make_class(tmp_path_factory.mktemp("robust") / "a course", [*CASES, "linked", "folder"])
    for name, (work, *_) in CASES.items():
        tiny.submit(paths.class_dir, name, work)
    secret = paths.solutions / tiny.UNIT / f"{tiny.UNIT}.ipynb"
    place = tiny.submit(paths.class_dir, "linked", b"") / f"{tiny.UNIT}.ipynb"
    place.unlink()
    os.symlink(secret, place)
    place = tiny.submit(paths.class_dir, "folder", b"") / f"{tiny.UNIT}.ipynb"
    place.unlink()
    place.mkdir()
    from cvcourse.grading import grade

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "Farm", FarmThere)
        result = grade_class(paths, tiny.UNIT, Options(limits=LIMITS))
    return {row.student: row for row in result.rows}, report(paths, tiny.UNIT)


@pytest.mark.parametrize("name", CASES)
def test_a_broken_notebook_has_a_definite_result(graded, name):
    rows, _ = graded
    _, points, status, says = CASES[name]
    row = rows[name]
    assert (row.points, row.status) == (points, status), row
    assert says in "; ".join([row.reason, *row.notes])


@pytest.mark.parametrize(("name", "says"), [("linked", "is a link"), ("folder", "cannot be read")])
def test_what_is_no_file_is_not_read(graded, name, says):
    row = graded[0][name]
    assert (row.points, row.status) == (0, "broken")
    assert says in row.reason


def test_everybody_is_in_the_report_with_the_reason(graded):
    rows, made = graded
    assert {one.student for one in made.students} == {*CASES, "linked", "folder"}
    for one in made.students:
        assert (one.reason == "") == (one.status == "graded"), one
        assert one.status == {"graded": "graded", "broken": "broken"}[rows[one.student].status]
