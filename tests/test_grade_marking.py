"""Marking one submission: each trap that costs an honest student points, or gives points for nothing."""

import copy
import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from cvcourse.grading.cells import is_test, test_cells
from cvcourse.grading.execute import CellRun, Limits, execute, grading_environment
from cvcourse.grading.marking import mark, write_verdicts
from cvcourse.grading.outcomes import Outcome
from cvcourse.grading.submission import BrokenNotebook, read_submission, restore
from tests import tiny_course as tiny

SEED = "123456"
LIMITS = Limits(cell=1.5, notebook=20)
FULL = dict(tiny.POINTS)
DOUBLE, SHIFT = ("double-visible", "double-hidden"), ("shift-visible", "shift-hidden")


def marked(work, run=execute):
    data = work if isinstance(work, bytes) else tiny.as_bytes(work)
    return mark(tiny.solved(), data, SEED, LIMITS, stubs=tiny.STUBS, run=run)


def points(result):
    return {one.grade_id: one.points for one in result.verdicts}


def outcomes(result, names):
    return {one.outcome for one in result.verdicts if one.grade_id in names}


def without(*names):
    return {name: 0.0 if name in names else value for name, value in FULL.items()}


def nbgrader_points(result):
    """What nbgrader's own rule gives for the executed notebook."""
    from nbgrader.utils import determine_grade

    cells = [cell for cell in result.notebook.cells if is_test(cell)]
    return {cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] for cell in cells}


def test_right_answers_get_all_points_and_the_milestone_is_not_run():
    result = marked(tiny.handed_in())
    assert points(result) == nbgrader_points(result) == FULL
    assert tiny.cell_of(result.notebook, "milestone").outputs == []
    assert result.notes == []


def test_the_class_seed_reaches_the_hidden_tests():
    cheat = tiny.handed_in(double='def double(x):\n    return 912 if x == int("123456") % 1000 else 6')
    assert points(marked(cheat)) == FULL


def test_a_stub_is_not_attempted_and_the_other_exercise_counts():
    result = marked(tiny.handed_in(double=None))
    assert points(result) == nbgrader_points(result) == without(*DOUBLE)
    assert outcomes(result, DOUBLE) == {Outcome.NOT_ATTEMPTED}


def test_a_wrong_answer_fails_with_the_text_of_the_test():
    result = marked(tiny.handed_in(shift="def shift(x):\n    return BASE - x"))
    assert points(result) == nbgrader_points(result) == without(*SHIFT)
    assert [v.reason for v in result.verdicts if v.grade_id in SHIFT] == [
        "AssertionError: shift(1) is 11, not 9",
        "AssertionError: below nothing",
    ]


def test_an_answer_with_a_syntax_error_is_named_as_the_reason():
    result = marked(tiny.handed_in(shift="def shift(x)\n    return x"))
    assert points(result) == without(*SHIFT)
    assert all("the answer cell shift ended with SyntaxError" in v.reason for v in result.verdicts[2:])


def test_stderr_and_values_shown_neither_cost_nor_give_points():
    noisy = (
        "import sys, warnings\n"
        "def double(x):\n"
        "    warnings.warn('slow')\n"
        "    print('100%|####|', file=sys.stderr)\n"
        "    get_ipython().displayhook(0.5)\n"
        "    return 2 * x"
    )
    result = marked(tiny.handed_in(double=noisy, shift="def shift(x):\n    get_ipython().displayhook(4.0)"))
    assert points(result) == nbgrader_points(result) == without(*SHIFT)
    assert "slow" in json.dumps(tiny.cell_of(result.notebook, "double-visible").outputs)


def test_a_killed_kernel_costs_its_tests_only():
    killer = "def double(x):\n    import os\n    os.kill(os.getpid(), 9)"
    result = marked(tiny.handed_in(double=killer))
    assert points(result) == nbgrader_points(result) == without(*DOUBLE)
    assert outcomes(result, DOUBLE) == {Outcome.CRASHED}
    assert outcomes(result, SHIFT) == {Outcome.PASSED}


def test_an_answer_cell_that_never_ends_costs_its_exercise_only():
    result = marked(tiny.handed_in(double="while True:\n    pass"))
    assert points(result) == nbgrader_points(result) == without(*DOUBLE)
    assert outcomes(result, DOUBLE) == {Outcome.TIMED_OUT}
    assert "the answer cell double" in result.verdicts[0].reason


def test_a_test_that_never_ends_costs_itself_only():
    result = marked(tiny.handed_in(double="def double(x):\n    while x == 3:\n        pass\n    return 2 * x"))
    assert points(result) == without("double-visible")
    assert outcomes(result, DOUBLE) == {Outcome.TIMED_OUT, Outcome.PASSED}


def test_exit_in_a_cell_harms_nothing():
    assert points(marked(tiny.handed_in(double=f"exit()\nquit()\n{tiny.RIGHT['double']}"))) == FULL


def test_a_flood_of_output_is_cut():
    flood = "def double(x):\n    print('x' * 3_000_000)\n    return 2 * x"
    result = marked(tiny.handed_in(double=flood))
    assert points(result) == FULL
    assert len(json.dumps(result.notebook)) < 100_000


def quick(cells_that_run=()):
    """Stands in for a kernel: only these cells come to a good end, the others are never sent."""

    def run(notebook, seed, limits, skip):
        runs = {}
        for place, cell in enumerate(notebook.cells):
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if cell.cell_type == "code" and name in cells_that_run:
                runs[place] = CellRun("ok")
        return runs

    return run


def test_a_test_without_evidence_gives_nothing_although_nbgrader_would_give_everything():
    result = marked(tiny.handed_in(), run=quick(["double-visible"]))
    assert points(result) == nbgrader_points(result) == {**dict.fromkeys(FULL, 0.0), "double-visible": 2.0}
    assert outcomes(result, SHIFT) == {Outcome.FAULT}


def test_a_given_cell_that_does_not_end_is_the_graders_fault():
    def run(notebook, seed, limits, skip):
        runs = {n: CellRun("error", "NameError", "BASE") for n, c in enumerate(notebook.cells) if c.cell_type == "code"}
        return runs | {1: CellRun("fault")}

    result = marked(tiny.handed_in(), run=run)
    assert {one.outcome for one in result.verdicts} == {Outcome.FAULT}


def test_an_error_shown_by_a_passing_cell_is_no_failure():
    notebook = tiny.handed_in()
    result = marked(notebook, run=quick(FULL))
    cell = tiny.cell_of(result.notebook, "double-visible")
    cell.outputs = [nbformat.v4.new_output("error", ename="E", evalue="shown", traceback=["shown"])]
    write_verdicts(result.notebook, result.verdicts)
    assert nbgrader_points(result) == FULL


def everything_runs(notebook, seed, limits, skip):
    return {n: CellRun("ok") for n, cell in enumerate(notebook.cells) if cell.cell_type == "code"}


def test_edited_metadata_and_tags_are_replaced_by_the_courses():
    work = tiny.handed_in()
    cell = tiny.cell_of(work, "double-hidden")
    cell.metadata.nbgrader.points = 99
    cell.metadata["tags"] = ["after-grading", "skip-execution"]
    tiny.cell_of(work, "shift-visible").metadata.nbgrader |= {"solution": True, "locked": False}
    tiny.cell_of(work, "shift-visible").source = "pass"
    tiny.cell_of(work, "setup").cell_type = "markdown"
    result = marked(work, run=everything_runs)
    assert points(result) == FULL
    assert "tags" not in tiny.cell_of(result.notebook, "double-hidden").metadata
    for name in ("shift-visible", "double-hidden", "setup"):
        here, there = tiny.cell_of(result.notebook, name), tiny.cell_of(tiny.solved(), name)
        assert (here.source, here.cell_type, here.metadata.nbgrader) == (
            there.source,
            there.cell_type,
            there.metadata.nbgrader,
        )


def restored(work):
    handed, _ = read_submission(tiny.as_bytes(work))
    result = restore(tiny.solved(), handed, tiny.STUBS)
    return result, [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in result.notebook.cells]


ORDER = ["setup", "double", *DOUBLE, "shift", *SHIFT, "milestone"]


def test_deleted_and_moved_cells_come_back_to_their_place():
    work = tiny.handed_in()
    gone = tiny.cell_of(work, "double-hidden")
    work.cells.remove(gone)
    moved = tiny.cell_of(work, "shift-visible")
    work.cells.remove(moved)
    work.cells.insert(0, moved)
    result, names = restored(work)
    assert [name for name in names if name] == ORDER
    assert any("double-hidden" in note for note in result.notes)
    assert points(marked(work)) == FULL


def test_a_deleted_answer_is_a_broken_notebook_for_its_tests_only():
    work = tiny.handed_in()
    work.cells.remove(tiny.cell_of(work, "double"))
    result = marked(work)
    assert points(result) == without(*DOUBLE)
    assert outcomes(result, DOUBLE) == {Outcome.BROKEN}
    assert "double is missing" in result.verdicts[0].reason


def test_lost_metadata_is_found_again_by_content():
    work = tiny.handed_in(shift="offset = BASE\ndef shift(x):\n    return offset + x")
    for cell in work.cells:
        cell.metadata = {}
    result, names = restored(work)
    assert [name for name in names if name] == ORDER
    assert result.missing == set()
    assert "offset" in tiny.cell_of(result.notebook, "shift").source
    assert any("recognised" in note for note in result.notes)


def test_tests_with_the_same_released_text_are_told_apart_by_their_order():
    source = tiny.solved()
    secret = "assert True\n### BEGIN HIDDEN TESTS\nassert shift({}) == {}\n### END HIDDEN TESTS"
    for name, text in (("shift-visible", secret.format(1, 11)), ("shift-hidden", secret.format(2, 12))):
        tiny.cell_of(source, name).source = text
    work = tiny.handed_in()
    for name in ("shift-visible", "shift-hidden"):
        tiny.cell_of(work, name).source = "assert True"
    for cell in work.cells:
        cell.metadata = {}
    submission, _ = read_submission(tiny.as_bytes(work))
    result = restore(source, submission, tiny.STUBS)
    assert not any("put back" in note for note in result.notes)
    assert sum(cell.source == "assert True" for cell in result.notebook.cells) == 0, "not the student's own besides"
    work.cells = [cell for cell in work.cells if cell.source != "assert True"]
    submission, _ = read_submission(tiny.as_bytes(work))
    assert any("put back: shift-visible, shift-hidden" in n for n in restore(source, submission, tiny.STUBS).notes)


def test_an_answer_without_name_and_definition_is_found_by_its_place():
    work = tiny.handed_in(shift="shift = lambda x: BASE + x")
    tiny.cell_of(work, "shift").metadata = {}
    result, _ = restored(work)
    assert tiny.cell_of(result.notebook, "shift").source.startswith("shift = lambda")
    ambiguous = copy.deepcopy(work)
    place = next(n for n, cell in enumerate(ambiguous.cells) if cell.source.startswith("shift = lambda"))
    ambiguous.cells.insert(place, new_code_cell("print('which of us?')"))
    assert restored(ambiguous)[0].missing == {"shift"}


def test_of_copied_answers_the_one_that_was_worked_on_counts():
    work = tiny.handed_in()
    answer = tiny.cell_of(work, "double")
    stub = copy.deepcopy(answer)
    stub.source = tiny.STUBS["double"]
    work.cells.insert(work.cells.index(answer) + 1, stub)
    nameless = copy.deepcopy(stub)
    nameless.metadata = {}
    work.cells.insert(work.cells.index(answer) + 1, nameless)
    twin = copy.deepcopy(tiny.cell_of(work, "shift-hidden"))
    work.cells.append(twin)
    result, names = restored(work)
    assert [name for name in names if name] == ORDER
    assert tiny.STUBS["double"] not in [cell.source for cell in result.notebook.cells]
    assert points(marked(work)) == FULL


def test_a_students_own_cells_stay_where_they_were_without_tags():
    work = tiny.handed_in()
    work.cells.insert(0, new_markdown_cell("my own", metadata={"tags": ["after-grading"]}))
    place = work.cells.index(tiny.cell_of(work, "shift"))
    work.cells.insert(place, new_code_cell("helper = 1", metadata={"tags": ["skip-execution"]}))
    result, names = restored(work)
    sources = [cell.source for cell in result.notebook.cells]
    assert sources[0] == "my own"
    assert sources.index("helper = 1") == names.index("shift") - 1
    assert all("tags" not in cell.metadata for cell in result.notebook.cells if cell.source in ("my own", "helper = 1"))


def test_the_order_of_execution_is_the_sources():
    seen = []

    def run(notebook, seed, limits, skip):
        seen.append([cell.source for cell in notebook.cells if cell.cell_type == "code"])
        return everything_runs(notebook, seed, limits, skip)

    work = tiny.handed_in()
    work.cells.reverse()
    marked(work, run=run)
    assert seen == [[tiny.RIGHT.get(c.id, c.source) for c in tiny.solved().cells if c.cell_type == "code"]]


def test_earlier_verdicts_stay_and_their_tests_are_not_run():
    before = {one.grade_id: one for one in marked(tiny.handed_in(double=None), run=quick(SHIFT)).verdicts}
    seen = []

    def run(notebook, seed, limits, skip):
        seen.extend(notebook.cells[place].metadata.nbgrader.grade_id for place in sorted(skip))
        return everything_runs(notebook, seed, limits, skip)

    kept = {name: before[name] for name in ("double-hidden", "shift-hidden")}
    data = tiny.as_bytes(tiny.handed_in())
    result = mark(tiny.solved(), data, SEED, LIMITS, stubs=tiny.STUBS, run=run, earlier=kept)
    assert seen == ["double-hidden", "shift-hidden"]
    assert points(result) == nbgrader_points(result) == without("double-hidden")
    assert [one for one in result.verdicts if one.grade_id in kept] == list(kept.values())


def test_secrets_of_the_instructors_environment_stay_there(monkeypatch):
    monkeypatch.setenv("CVCOURSE_GRADEBOOK", "postgresql://user:secret@host/db")
    monkeypatch.setenv("CVCOURSE_DATA", "/data")
    monkeypatch.setenv("API_TOKEN", "secret")
    environment = grading_environment(SEED)
    assert "secret" not in json.dumps(environment)
    assert "CVCOURSE_DATA" not in environment
    assert environment["CVCOURSE_SEED"] == SEED
    assert environment["CVCOURSE_OFFLINE"] == "1"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"{", "not valid JSON"),
        (b'{"cells": [<<<<<<< HEAD\n>>>>>>> theirs\n', "merge conflict"),
        (b"[1, 2]", "not a notebook"),
        (b'{"cells": []}', "no cells"),
        (b'{"cells": "text"}', "no cells"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "not text"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_a_file_that_is_no_notebook_gets_no_points_and_a_reason(data, reason):
    result = marked(data)
    assert points(result) == nbgrader_points(result) == dict.fromkeys(FULL, 0.0)
    assert outcomes(result, FULL) == {Outcome.BROKEN}
    assert reason in result.broken


def test_another_notebook_gets_no_points_and_a_reason():
    other = nbformat.v4.new_notebook(cells=[new_code_cell("print(1)")])
    assert "another notebook" in marked(other).broken


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings_are_read(encoding):
    data = json.dumps(tiny.handed_in()).encode(encoding)
    assert points(marked(data, run=everything_runs)) == FULL


def test_the_old_format_is_converted():
    cells = [{"cell_type": "code", "input": c.source, "metadata": dict(c.metadata), "outputs": [], "language": "python"}
             for c in tiny.handed_in().cells if c.cell_type == "code"]  # fmt: skip
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells, "metadata": {}}]}
    result = marked(json.dumps(old).encode(), run=everything_runs)
    assert points(result) == FULL
    assert "old format 3" in result.notes[0]


@pytest.mark.parametrize("cells", [[1, None], [{"cell_type": "code"}], [{"source": {"a": 1}, "metadata": 3}]])
def test_cells_that_are_none_are_no_crash(cells):
    with pytest.raises(BrokenNotebook, match="no cells"):
        read_submission(json.dumps({"cells": cells}).encode())


def test_test_cells_know_their_exercise_and_answers():
    tests = test_cells(tiny.solved())
    assert [(one.exercise, one.answers, one.hidden) for one in tests] == [
        ("Exercise 1: Double", ("double",), False),
        ("Exercise 1: Double", ("double",), True),
        ("Exercise 2: Shift", ("shift",), False),
        ("Exercise 2: Shift", ("shift",), True),
    ]
    assert sum(one.points for one in tests) == 10
