"""nbgrader's release of an assignment, and the search for what it must not tell."""

from copy import deepcopy

import pytest

from cvcourse.build import release
from cvcourse.build.source import load, sources
from cvcourse.errors import BuildError
from tests.tiny_source import ASSIGNMENT, make_checkout


@pytest.fixture
def solution(tmp_path):
    paths = make_checkout(tmp_path)
    return load(sources(paths, ["assignments/01_tiny"])[0])


@pytest.fixture
def released(solution, root):
    return release.generate(solution, "01_tiny", root)


def cell(notebook, name):
    return next(one for one in notebook.cells if one.id == name)


def test_nbgrader_locks_stubs_and_clears(released):
    assert cell(released, "double").source.endswith("    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert cell(released, "double-test").source == 'assert double(2) == 4, "double(2) is 4"'
    assert cell(released, "double-test").metadata.editable is False
    assert cell(released, "double-test").metadata.nbgrader.checksum


def test_a_clean_release_gives_nothing_away(solution, released):
    assert release.given_away(solution, released) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("    twice_the_number = number + number", "solution"),
        ("assert double(-8191) == -16382", "hidden tests"),
        ("### BEGIN SOLUTION", "the mark"),
        ("### END HIDDEN TESTS", "the mark"),
    ],
)
def test_a_leak_is_found(solution, released, line, kind):
    leaky = deepcopy(released)
    leaky.cells[2].source += f"\n{line}"
    assert release.given_away(solution, leaky)[0].startswith(kind)


def test_an_output_is_found(solution, released):
    leaky = deepcopy(released)
    cell(leaky, "double").execution_count = 1
    assert "an output" in release.given_away(solution, leaky)[0]


def test_a_solution_without_marks_is_secret_as_a_whole(tmp_path, root):
    whole = ASSIGNMENT.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
    solution = load(sources(make_checkout(tmp_path, assignment=whole), ["assignments/01_tiny"])[0])
    released = release.generate(solution, "01_tiny", root)
    assert cell(released, "double").source == "# YOUR CODE HERE\nraise NotImplementedError()"
    cell(released, "double").source = "def double(number: int) -> int:"
    assert release.given_away(solution, released) == ["solution: def double(number: int) -> int:"]


def test_nbgraders_refusal_is_one_line(solution, root):
    cell(solution, "double-test").metadata.nbgrader.grade_id = "double"
    with pytest.raises(BuildError, match=r"nbgrader cannot release 01_tiny: .*"):
        release.generate(solution, "01_tiny", root)
