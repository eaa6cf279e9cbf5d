"""What the build shows on a terminal: a bar while it runs, a table of what it made or found."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cvcourse.build.pipeline import Built, Finding
from cvcourse.build.source import Source
from cvcourse.console import table


@contextmanager
def progress() -> Iterator[Callable[[Source, int, int], None]]:
    """A bar for each source on stderr (stdout stays free for results); yields what `pipeline.build` calls."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("cells"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bars:
        tasks: dict[str, object] = {}

        def advance(source: Source, done: int, total: int) -> None:
            if source.label not in tasks:
                tasks[source.label] = bars.add_task(source.label, total=total)
            bars.update(tasks[source.label], completed=done)

        yield advance


def built_table(built: list[Built]) -> Table:
    """One line a source: what was done, cells, points, remarks."""
    view = table("Built", "source", "state", "cells", "points", "remarks")
    for one in built:
        view.add_row(
            one.source.label, one.state, str(one.cells), f"{one.points:g}" if one.points else "", "\n".join(one.remarks)
        )
    return view


def built_json(built: list[Built]) -> list[dict]:
    """The same for a program."""
    return [
        {
            "source": one.source.label,
            "state": one.state,
            "cells": one.cells,
            "points": one.points,
            "remarks": one.remarks,
        }
        for one in built
    ]


def findings_view(findings: list[Finding]) -> Table | str:
    """One line a notebook that is out of step, or one sentence."""
    if not findings:
        return "build: every notebook is in step with its source"
    view = table("Out of step: run `cvcourse build`", "notebook", "why")
    for one in findings:
        view.add_row(one.path, one.reason)
    return view
