"""What can go wrong between the tester and the process of an answer."""

from cvcourse.checks import CheckError


# Each of them fails a test. None is an error that an exercise may ask for: a test that expects a `ValueError` must not
# take a result that cannot cross for it.
class WireError(CheckError):
    """A value cannot cross, or what came over the socket is no message of ours."""


class CannotCrossError(WireError):
    """An argument or a result cannot go from one process to the other. The message says which, of what, and why."""


class PeerGoneError(CheckError):
    """The process of the answer has ended, or it did not reply in time: nothing can be asked of it any more."""


class AnswerError(Exception):
    """An error of the answer whose class means nothing here. The message begins with the class's name."""


class VerdictError(CheckError):
    """A test asked an object of the answer for a verdict: whether it is true, equal, less, or in something."""


class LengthError(VerdictError, TypeError):
    """Also a `TypeError`, since `list` asks for the length first and takes that as no answer."""
