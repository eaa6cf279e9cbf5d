"""What the command line prints: tables for people, JSON for machines, one line for an error."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

console = Console(highlight=False)


def table(title: str, *columns: str) -> Table:
    """A table in the command line's one style."""
    result = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        result.add_column(column, overflow="fold")
    return result


def emit(data: Any, view: Any = None, *, as_json: bool = False) -> None:
    """Print `data` as JSON when `as_json` is set, else `view`, what rich can render (default: nothing)."""
    if as_json:
        sys.stdout.write(json.dumps(data, indent=2, default=str, ensure_ascii=False) + "\n")
    elif view is not None:
        console.print(view, crop=False)  # a path is printed whole, however narrow the terminal
