"""What is given to a farm."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cvcourse.grading.outcomes import Verdict


@dataclass(frozen=True)
class Work:
    """One submission to be graded.

    Attributes:
        key: hash of all that the result depends on. The same key is the same result.
        student: whose it is; only the caller needs it.
        submission: the file that was handed in, whatever it is.
        earlier: verdicts, by grade_id, that still hold: their tests are not run again.
    """

    key: str
    student: str
    submission: bytes = field(repr=False)
    earlier: Mapping[str, Verdict] = field(default_factory=dict, repr=False, compare=False)
