"""What can go wrong between the tester and the process of an answer."""

from cvcourse.checks import CheckError


class WireError(ValueError):
    """A value cannot cross, or what came over the socket is no message of ours."""


class PeerGoneError(CheckError):
    """The process of the answer has ended, or it did not reply in time: nothing can be asked of it any more."""


class AnswerError(RuntimeError):
    """An error of the answer whose class means nothing here. The message begins with the class's name."""


class VerdictError(CheckError):
    """A test asked an object of the answer for a verdict: whether it is true, equal, less, or in something."""


class LengthError(VerdictError, TypeError):
    """Also a `TypeError`, since `list` asks for the length first and takes that as no answer."""
