"""What the build refuses in a source, and how it says so."""

import re

import pytest

from cvcourse.build import rules
from cvcourse.build.source import load, sources
from cvcourse.errors import BuildError
from tests.tiny_source import ASSIGNMENT, LECTURE, make_checkout

GIVEN = (
    '\n# %% tags=["given"] nbgrader={"grade": false, "grade_id": "helper", "locked": true, '
    '"schema_version": 3, "solution": false, "task": false}\nhelper = 1\n'
)


def notebook(tmp_path, kind: str, text: str):
    sources_of = make_checkout(tmp_path, **{"lecture" if kind == "lectures" else "assignment": text})
    return load(sources(sources_of, [f"{kind}/01_tiny"])[0])


BAD_ASSIGNMENTS = {
    "double grade_id": ('"grade_id": "double-test"', '"grade_id": "double"', "grade_id 'double' is used 2 times"),
    "no points": ('"points": 2', '"points": 0', "cell 5 (double-test): a graded cell needs points above 0, not 0"),
    "points not a number": ('"points": 2', '"points": "2"', "needs points above 0, not '2'"),
    "no points key": ('"points": 2, ', "", "needs points above 0, not None"),
    "unlocked test": ('"locked": true', '"locked": false', "cell 5 (double-test): a test cell must be locked"),
    "locked solution": ('"locked": false', '"locked": true', "cell 4 (double): a solution cell cannot be locked"),
    "old schema": ('"schema_version": 3, "solution": true', '"schema_version": 2, "solution": true', "write 3"),
    "missing key": ('"task": false}\ndef', '"other": false}\ndef', "nbgrader metadata without task"),
    "bad id": ('"grade_id": "double"', '"grade_id": "my double"', "grade_id 'my double': use 1 to 64 letters"),
    "unclosed hidden tests": ("### END HIDDEN TESTS", "", "BEGIN HIDDEN TESTS and END HIDDEN TESTS do not pair: BEGIN"),
    "unopened solution": ("### BEGIN SOLUTION", "", "BEGIN SOLUTION and END SOLUTION do not pair: END"),
    "swapped marks": ("### BEGIN SOLUTION", "### END SOLUTION", "do not pair: END END"),
    "hidden tests in the answer": ("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS", "do not pair"),
    "solution in a test": (
        'assert double(2) == 4, "double(2) is 4"',
        "### BEGIN SOLUTION\n1\n### END SOLUTION",
        "outside",
    ),
    "magic": ("import sys", "%matplotlib inline", "cell 2 (%matplotlib inline): not valid Python"),
    "syntax": ("def double(number: int)", "def double(number: int", "not valid Python (line 1"),
    "unknown tag": ('tags=["setup"]', 'tags=["setup", "gievn"]', "unknown tag 'gievn'"),
    "no set-up cell": ('# %% tags=["setup"]', "# %%", "0 cells are tagged 'setup': tag exactly one"),
    "no title": ("# # A tiny assignment", "# A tiny assignment", "the first cell must be the title"),
    "badge on code": ('# %% tags=["setup"]', '# %% tags=["setup", "badge"]', "'badge' belongs on a markdown cell"),
    "free given cell": ("import sys", 'import sys\n\n# %% tags=["given"]\n1', "lock it"),
}


@pytest.mark.parametrize("case", BAD_ASSIGNMENTS)
def test_refuses_and_names_script_and_cell(tmp_path, case):
    old, new, message = BAD_ASSIGNMENTS[case]
    text = ASSIGNMENT.replace(old, new)
    assert text != ASSIGNMENT
    with pytest.raises(BuildError, match=rf"^01_tiny\.py.*{re.escape(message)}"):
        notebook(tmp_path, "assignments", text)


def test_refuses_an_assignment_without_points(tmp_path):
    text = ASSIGNMENT[: ASSIGNMENT.index("\n# %% nbgrader")]
    with pytest.raises(BuildError, match="no cell carries points"):
        notebook(tmp_path, "assignments", text)


def test_refuses_nbgrader_metadata_in_a_lecture(tmp_path):
    with pytest.raises(BuildError, match="a lecture carries nbgrader metadata"):
        notebook(tmp_path, "lectures", LECTURE + GIVEN)


def test_refuses_a_source_that_is_not_utf8(tmp_path):
    paths = make_checkout(tmp_path)
    (tmp_path / "source/lectures/01_tiny.py").write_bytes(b"# \xff\xfe")
    with pytest.raises(BuildError, match="is not UTF-8"):
        load(sources(paths)[0])


def test_given_cells_and_all_points_count(tmp_path):
    built = notebook(tmp_path, "assignments", ASSIGNMENT + GIVEN)
    assert rules.points(built) == 2
    assert built.cells[-1].id == "helper"


@pytest.mark.parametrize(
    "change", [('"locked": true', '"locked": false'), ('"grade": false', '"grade": true, "points": 1')]
)
def test_a_given_cell_is_locked_and_without_points(tmp_path, change):
    with pytest.raises(BuildError, match=r"cell 6 \(helper\)"):
        notebook(tmp_path, "assignments", ASSIGNMENT + GIVEN.replace(*change))


def test_a_long_cell_of_a_lecture_is_remarked(tmp_path):
    long = LECTURE + "\n# %%\n" + "\n".join(f"line_{n} = {n}" for n in range(26)) + "\n"
    assert rules.advice(notebook(tmp_path, "lectures", LECTURE)) == []
    assert rules.advice(notebook(tmp_path, "lectures", long)) == [
        "cell 7 (line_0 = 0) has 26 lines: what is longer than 25 belongs in the package"
    ]
