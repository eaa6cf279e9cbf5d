"""Keeps the text of hidden tests out of what students are shown.

The tests of a class run in a process of their own, where no submission reads them; what can quote them is what that
process prints: tracebacks, warnings, errors of syntax. Grading without walls (`--unsafe-no-sandbox`) has one process
for all: there a submission can print the tests, plainly, which is found here, or in a code of its own, which is not.
"""

import re
from collections.abc import Iterable
from html import unescape

from bleach import clean
from nbformat import NotebookNode

from cvcourse.grading.cells import HIDDEN_BEGIN, HIDDEN_END, has_hidden_tests, hidden_lines

LEFT_OUT = "[a line that quotes a hidden test is left out]"
_SHORT = 9  # a shorter line, such as `)` or `else:`, gives nothing away
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FRAME = re.compile(r"^\s*(?:Cell |Input )?In\s?\[(\d+)\]")
_NOT_TEXT = re.compile(r"[\s\\'\"]+")


def _bare(text: str) -> str:
    """The text without what differs when it is quoted: colours, white space, quotation marks and backslashes."""
    return _NOT_TEXT.sub("", _ANSI.sub("", text))


class HiddenText:
    """The hidden tests of an assignment, and what quotes them.

    Args:
        cells: of the executed notebook; hidden tests stand between nbgrader's marks.
    """

    def __init__(self, cells: Iterable[NotebookNode]) -> None:
        hidden = [cell for cell in cells if has_hidden_tests(cell.source)]
        self._lines = {_bare(line) for cell in hidden for line in hidden_lines(cell.source)} - {""}
        self._quotable = {line for line in self._lines if len(line) >= _SHORT}
        self._quotable |= {_bare(HIDDEN_BEGIN), _bare(HIDDEN_END)} if hidden else set()
        self._counts = {cell.get("execution_count") for cell in hidden}

    def _is_quoted(self, text: str) -> bool:
        bare = _bare(text)
        return any(line in bare for line in self._quotable)

    def _is_line(self, text: str) -> bool:
        return _bare(text) in self._lines

    def censored(self, text: str) -> str:
        """The text with every line that quotes a hidden test replaced, or all of it where lines do not tell."""
        if not self._is_quoted(text):
            return text
        censored = "\n".join(
            LEFT_OUT if self._is_quoted(line) or self._is_line(line) else line for line in text.split("\n")
        )
        return LEFT_OUT if self._is_quoted(censored.replace(LEFT_OUT, "")) else censored

    def censored_html(self, html: str) -> str:
        """The same for HTML, where tags can stand between the words."""
        quoted = self._is_quoted(html) or self._is_quoted(unescape(clean(html, tags=(), strip=True)))
        return LEFT_OUT if quoted else html

    def is_frame(self, entry: str) -> bool:
        """Whether an entry of a traceback is a frame of a hidden test."""
        found = _FRAME.match(_ANSI.sub("", entry))
        return found is not None and int(found[1]) in self._counts
