"""Small exercises of the kinds that units on architectures, detection, segmentation, denoising and faces need.

`tests/test_walled_authors.py` runs them in one process and in two.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """An exercise in small.

    Attributes:
        right: an answer that passes the test.
        mistakes: (text in `right`, what a wrong answer has in its place), one pair for each wrong answer.
        test: a test cell.
        given: a cell that both sides have.
    """

    right: str
    mistakes: tuple[tuple[str, str], ...]
    test: str
    given: str = ""

    def wrong(self) -> list[str]:
        """The wrong answers."""
        for old, _ in self.mistakes:
            assert old in self.right, old
        return [self.right.replace(old, new) for old, new in self.mistakes]
