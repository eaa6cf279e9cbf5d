"""Take a real set where it is at hand, else an embedded one, and say in one line which and why."""

from collections.abc import Callable
from typing import TypeVar

from cvcourse.data.locate import SOURCES, Source, announce, hurried
from cvcourse.errors import DataError

Real, Embedded = TypeVar("Real"), TypeVar("Embedded")


def choose(
    real: Callable[[], Real], embedded: Callable[[], Embedded], source: Source = "auto", *, what: str = "data"
) -> Real | Embedded:
    """`real()` where that set is on disk or a small download away, else `embedded()`.

    >>> cells = choose(lambda: BCCD("train"), lambda: Scenes(200), what="cells")  # doctest: +SKIP

    Args:
        real: makes the real set; its `DataError` means that it cannot be had.
        embedded: makes the set that stands in for it.
        source: `"real"`: that one or its error; `"embedded"`: the other; `"auto"`: the real one, else the other with
            one printed line that says why.
        what: what the two are, for that line.

    Raises:
        ValueError: there is no such source.
        DataError: `source="real"` and the set cannot be had; the message says what to do.
    """
    if source not in SOURCES:
        raise ValueError(f"source is {source!r}: it must be one of {', '.join(map(repr, SOURCES))}")
    if source == "embedded":
        return embedded()
    if source == "real":
        return real()
    try:
        with hurried():
            return real()
    except DataError as error:
        stand_in = embedded()
        announce(f"{what}: {type(stand_in).__name__} (embedded), because of {error}")
        return stand_in
