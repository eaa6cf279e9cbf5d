"""What the tester's end and the answer's end of the socket do differently: `peer` does the rest."""

import contextlib
from typing import Any

from torch import nn

from cvcourse.grading.proxies.decode import Decoder
from cvcourse.grading.proxies.encode import Encoder


class Side:
    """What an end takes and gives. `side` is "tester" or "student"."""

    side = ""

    def refer(self, encoder: Encoder, value: Any, depth: int) -> list:
        """The tree of a value that does not cross by value."""
        raise NotImplementedError

    def resolve(self, decoder: Decoder, tree: list, depth: int) -> Any:
        """The value of such a tree."""
        raise NotImplementedError

    def surroundings(self) -> dict[str, Any]:
        """What goes along with a call."""
        raise NotImplementedError

    def states(self) -> dict[str, Any]:
        """What goes along with a call and is taken last."""
        return {}

    def surrounded(self, surroundings: dict[str, Any], seen: dict[str, Any]) -> contextlib.AbstractContextManager:
        """The block in which a call is answered."""
        raise NotImplementedError

    def after(self, seen: dict[str, Any]) -> None:
        """What to do with what the other side saw during a call."""

    def note(self, error: BaseException) -> None:
        """What was asked for ended with this error."""

    def unsent(self) -> None:
        """The surroundings that were taken last did not go out."""

    def while_asking(self) -> contextlib.AbstractContextManager:
        """The block in which a question is answered while a reply is waited for."""
        return contextlib.nullcontext()

    def label(self, value: Any) -> str:
        """What a message calls the object that something is asked of."""
        return "the object"

    def follows(self, parameter: nn.Parameter) -> bool:
        """Whether the other side may have a gradient of this parameter."""
        raise NotImplementedError

    def let_go(self, freed: Any) -> None:
        """What the other side needs no longer."""

    def freed(self) -> Any:
        """What this side needs no longer; None where that is nothing."""
        return None

    def watch(self) -> Any:
        """Called before an answer: a snapshot for `watched`."""
        return None

    def watched(self, before: Any) -> list:
        """Called after it: what changed besides arguments and parameters."""
        return []

    def take_watched(self, changes: list) -> None:
        """Take over what `watched` gave there."""
