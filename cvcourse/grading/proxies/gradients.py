"""Graphs that go on in the other process. A result is the output of a node here; its backward asks the other side.

Asking is itself a call of which tensors need gradients, so second and higher orders come by the same way.
"""

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from cvcourse.grading.proxies.errors import WireError

Key = tuple[str, int]  # which message of whom, and which slot in it


class Sent:
    """The tensors that went out and need a gradient, by key; they are not kept alive for it."""

    def __init__(self) -> None:
        self._held: dict[Key, Any] = {}

    def add(self, key: Key, tensor: Tensor) -> None:
        """Note a tensor; what is dead is dropped from time to time."""
        if len(self._held) > 4000:
            self._held = {key: held for key, held in self._held.items() if held() is not None}
        self._held[key] = weakref.ref(tensor)

    def get(self, key: Key) -> Tensor | None:
        """The tensor, where it lives still."""
        held = self._held.get(key)
        return held() if held is not None else None


class Tape:
    """Results that went out and their inputs. Kept until the other side lets go."""

    def __init__(self, outputs: Sequence[Tensor], follows: Callable[[nn.Parameter], bool]) -> None:
        self.outputs = list(outputs)
        self.inputs: list[Tensor] = []
        self.keys: list[tuple] = []
        for leaf in _leaves(self.outputs):
            key = getattr(leaf, "_cvcourse_key", None)
            if key is not None or (isinstance(leaf, nn.Parameter) and follows(leaf)):
                self.inputs.append(leaf)
                self.keys.append(("sent", *key) if key is not None else ("parameter", leaf))

    def differentiate(self, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        """The gradients of the inputs, with a graph of their own in gradient mode."""
        given = [(out, grad) for out, grad in zip(self.outputs, gradients, strict=True) if grad is not None]
        if not given or not self.inputs:
            return [None] * len(self.inputs)
        outputs, grads = zip(*given, strict=True)
        create = torch.is_grad_enabled()
        found = torch.autograd.grad(
            outputs, self.inputs, grads, retain_graph=True, create_graph=create, allow_unused=True
        )
        return list(found)


def _leaves(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The leaves of a graph, each once."""
    found, seen = [], set()
    waiting = [output.grad_fn for output in outputs]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            found.append(leaf)
        waiting += [following for following, _ in node.next_functions]
    return found


class Holder:
    """One tape of the other side, as long as its node lives here."""

    def __init__(self, number: int, keys: list[tuple], ask: Callable, release: Callable[[int], None]) -> None:
        self.number, self.keys, self.ask = number, keys, ask
        weakref.finalize(self, release, number).atexit = False


class Remote(torch.autograd.Function):
    """The node: its outputs are the tensors that came, its inputs the tensors that went out before."""

    @staticmethod
    def forward(ctx, holder, _anchor, count, *tensors):
        """The first `count` tensors are the inputs, the others what came."""
        ctx.holder, ctx.count, ctx.outputs = holder, count, len(tensors) - count
        ctx.mark_dirty(*tensors[count:])
        ctx.save_for_backward(*tensors[:count])
        ctx.set_materialize_grads(False)
        return tensors[count:]

    @staticmethod
    def backward(ctx, *gradients):
        """Ask the other side for the gradients of the inputs."""
        inputs = ctx.saved_tensors
        found = ctx.holder.ask(ctx.holder, inputs, list(gradients))
        return (None, None, None, *found, *[None] * ctx.outputs)


class Alias(torch.autograd.Function):
    """Makes `tensor` a result of `leaf` without a copy: it was no leaf where it came from, so it may be written to."""

    @staticmethod
    def forward(ctx, leaf, tensor):
        """`leaf` shares the memory of `tensor`."""
        ctx.mark_dirty(tensor)
        return tensor

    @staticmethod
    def backward(ctx, gradient):
        """It is the same tensor."""
        return gradient, None


def join(holder: Holder, inputs: Sequence[Tensor], came: Sequence[Tensor]) -> None:
    """Make the tensors that came results of the inputs, through the tape of the other side."""
    anchor = torch.zeros((), requires_grad=True)  # they need a gradient also where the inputs are unknown here
    with torch.enable_grad():
        Remote.apply(holder, anchor, len(inputs), *inputs, *came)


class Graphs:
    """The graphs of one end of the socket.

    Args:
        ask: asks the other end.
        follows: whether the other end may have a gradient of a parameter.
        hold: keeps a tensor alive until its changes have gone out.
    """

    def __init__(
        self, ask: Callable[..., Any], follows: Callable[[nn.Parameter], bool], hold: Callable[[Tensor], None]
    ) -> None:
        self._ask, self._follows, self._hold = ask, follows, hold
        self._sent = Sent()
        self._tapes: dict[int, Tape] = {}
        self._released: list[int] = []
        self._numbers = itertools.count(1)

    # Of what this end asks.

    def note_inputs(self, number: int, slots: Sequence[Any]) -> None:
        """What goes out with the question of that number."""
        for slot, value in enumerate(slots):
            if isinstance(value, Tensor) and value.requires_grad:
                self._sent.add((number, slot), value)

    def joins(self, tape: Any, came: dict[int, Tensor]) -> list[Callable[[], None]]:
        """Later, in the caller's gradient mode: make results of what came, by slot."""
        number, slots, keys = tape
        outputs = [came[slot] for slot in slots]
        inputs = [key[1] if key[0] == "parameter" else self._sent.get((key[1], key[2])) for key in keys]
        missing = torch.zeros(())
        holder = Holder(number, [tuple(key) for key in keys], self._gradients, self._released.append)
        return [lambda: join(holder, [missing if tensor is None else tensor for tensor in inputs], outputs)]

    def _gradients(self, holder: Holder, inputs: Sequence[Tensor], gradients: list[Tensor | None]) -> list:
        for key, tensor in zip(holder.keys, inputs, strict=True):
            if key[0] == "sent":
                self._sent.add((key[1], key[2]), tensor)  # the graph made a new object for the same tensor
            else:
                self._hold(tensor)  # its gradient is about to be added up, and goes with the next message
        found = self._ask("differentiate", holder.number, gradients)
        if type(found) is not list or len(found) != len(inputs):
            raise WireError("no gradients came back")
        return [_fit(gradient, tensor) for gradient, tensor in zip(found, inputs, strict=True)]

    def let_go(self) -> list[int]:
        """The tapes of the other end that nothing here needs any more."""
        released, self._released[:] = list(self._released), []
        return released

    # Of what this end answers.

    def mark_inputs(self, number: int, count: int, leaves: Sequence[tuple], joined: Sequence[tuple]) -> None:
        """What came with the question of that number: (slot, tensor) of leaves, and of results of the other end."""
        for slot, leaf in leaves:
            if slot < count:
                leaf._cvcourse_key = (number, slot)
        for slot, tensor in joined:
            if slot < count:
                leaf = tensor.detach().requires_grad_()
                leaf._cvcourse_key = (number, slot)
                with torch.enable_grad():
                    Alias.apply(leaf, tensor)

    def keep(self, results: Sequence[tuple[int, Tensor]]) -> tuple:
        """The tape of (slot, result) as it is told to the other end."""
        tape = Tape([tensor for _, tensor in results], self._follows)
        number = next(self._numbers)
        self._tapes[number] = tape
        return number, [slot for slot, _ in results], tape.keys

    def differentiate(self, number: int, gradients: list) -> list:
        """The gradients of a tape's inputs."""
        return self._tapes[number].differentiate(gradients)

    def drop(self, number: int) -> None:
        """The other end needs this tape no more."""
        self._tapes.pop(number, None)


def _fit(gradient: Any, tensor: Tensor) -> Tensor | None:
    if gradient is None or not tensor.requires_grad:
        return None
    if type(gradient) is not Tensor or gradient.shape != tensor.shape or gradient.dtype != tensor.dtype:
        raise WireError("a gradient of another shape or dtype than its tensor came back")
    return gradient
