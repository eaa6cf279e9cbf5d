"""Graphs that go on in the other process. A result is the output of a node here; its backward asks the other side.

Asking is itself a call of which tensors need gradients, so second and higher orders come by the same way.
"""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

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
