"""The fixture of two copies of one class, with its template made once for all tests that want it."""

import pytest


@pytest.fixture(scope="session")
def twin_template(tmp_path_factory):
    """A course and class that nobody changes: a new gradebook costs seconds."""
    from tests.twin_classes import make  # not for every run of pytest: it brings nbgrader in

    return make(tmp_path_factory.mktemp("twins") / "course")


@pytest.fixture
def twins(twin_template, tmp_path):
    """See `tests.twin_classes.Twins`."""
    from tests.twin_classes import Twins

    return Twins(twin_template, tmp_path)
