"""The course as it is committed: in step with its sources, and silent about answers."""

import pytest

from cvcourse.build import pipeline
from cvcourse.build.notebook import read
from cvcourse.build.release import given_away
from cvcourse.paths import CoursePaths
from tests.conftest import ROOT

PATHS = CoursePaths(root=ROOT, class_dir=ROOT / "class")
SOURCES = pipeline.sources(PATHS)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.label)
def test_is_in_step_with_its_source(source):
    found = pipeline.findings(source, pipeline.load(source), "cpu")
    assert not found, "\n".join(f"{one.path}: {one.reason}" for one in found)


def test_has_no_notebook_without_a_source():
    assert [path.relative_to(ROOT) for path in pipeline.orphans(PATHS)] == []


@pytest.mark.parametrize("source", [one for one in SOURCES if one.released], ids=lambda source: source.label)
def test_released_assignment_gives_nothing_away(source):
    assert given_away(read(source.executed), read(source.released)) == []
