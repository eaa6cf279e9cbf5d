"""The warmed process of answers, one for all tests of the proxies: importing torch once is most of their time."""

from collections.abc import Iterator

import pytest

from tests.proxy_students import Students


@pytest.fixture(scope="session")
def students() -> Iterator[Students]:
    """See `Students.start`."""
    with Students() as started:
        yield started
