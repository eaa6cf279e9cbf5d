"""Long Markdown as one block of code: readable, and no program looks for anything in it.

Parsers of Markdown take quadratic time and worse for thousands of open brackets.
"""

import re

MOST_MARKDOWN, MOST_IN_ALL = 10_000, 100_000  # characters of one text and of a notebook's, pictures not counted
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=]*+(?=[)\"'])")


class Lengths:
    """How much Markdown of one notebook may still be parsed."""

    def __init__(self) -> None:
        self._left = MOST_IN_ALL

    def measured(self, text: str) -> str:
        """The text, or a block of code where it is too long."""
        if is_fenced(text):
            return text
        size = len(_PICTURE.sub("", text))
        if size > min(MOST_MARKDOWN, self._left):
            return fenced(text)
        self._left -= size
        return text


def _fence(text: str) -> str:
    """A row of marks that is longer than any in the text."""
    rows = [mark * max(3, 1 + max(map(len, re.findall(f"{mark}+", text)), default=0)) for mark in "`~"]
    return min(rows, key=len)


def fenced(text: str) -> str:
    """The text as one block of code."""
    fence = _fence(text)
    return f"{fence}\n{text}\n{fence}"


def is_fenced(text: str) -> bool:
    """Whether all of the text is one block of code already."""
    fence, _, rest = text.partition("\n")
    if fence not in ("`" * len(fence), "~" * len(fence)) or len(fence) < 3 or not rest.endswith(f"\n{fence}"):
        return False
    return fence not in rest[: -len(fence)]
