"""What the walls raise in the worker."""

from cvcourse.errors import CourseError


class IsolationError(CourseError):
    """Code of strangers cannot be walled in here; the message names the missing wall and what to do.

    Attributes:
        fault: the first part of the message, without what to do.
    """

    def __init__(self, fault: str, remedy: str = "") -> None:
        super().__init__(f"{fault}; {remedy}" if remedy else fault)
        self.fault = fault


class KernelError(CourseError):
    """A kernel did not start, or is asked for something after its end."""


class IsolationWarning(UserWarning):
    """Kernels are walled in, but not in the way that is fast."""
