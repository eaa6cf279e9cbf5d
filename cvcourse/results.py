"""The table that ends a lecture: what was measured here, beside what others report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cvcourse.session import budget, device

if TYPE_CHECKING:
    from IPython.display import Markdown


def results(rows: Sequence[tuple[str, float, str]], note: str = "") -> "Markdown":
    """A table of measured numbers, headed by the budget and the device under which they came about.

    Args:
        rows: what was measured, the number, and the figures of others with their source ("" where there are none).
        note: goes on in the heading after budget and device, such as the data.
    """
    from IPython.display import Markdown

    head = f"Budget {budget()}, device {device()}{', ' + note if note else ''}."
    lines = [f"| {what} | {value:.4f} | {elsewhere or '–'} |" for what, value, elsewhere in rows]
    return Markdown("\n".join([head, "", "| what | here | elsewhere |", "|---|---|---|", *lines]))
