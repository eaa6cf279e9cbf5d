"""Parameters that both processes have: a copy in each, told apart by name, kept equal by content."""

import weakref
from typing import Any

import torch
from torch import Tensor, nn


class _Seen:
    """What the other side knows of a parameter."""

    def __init__(self, parameter: nn.Parameter) -> None:
        self.data = parameter.detach().clone()
        self.grad = None if parameter.grad is None else parameter.grad.detach().clone()
        self.needs = parameter.requires_grad

    def is_current(self, parameter: nn.Parameter) -> bool:
        return (
            self.needs == parameter.requires_grad and _same(self.data, parameter) and _same(self.grad, parameter.grad)
        )


def _same(first: Tensor | None, second: Tensor | None) -> bool:
    if first is None or second is None:
        return first is second
    second = second.detach()
    return first.shape == second.shape and first.dtype == second.dtype and torch.equal(first, second)


class Parameters:
    """The parameters that have crossed. `mine` is the letter that this side's names begin with.

    `weak`: forget those that nobody here holds any more (`gone` lists their names for the other side).
    """

    def __init__(self, mine: str, weak: bool) -> None:
        self.mine, self.weak, self.gone = mine, weak, []
        self._by_name: dict[str, Any] = {}
        self._seen: dict[str, _Seen] = {}
        self._names: dict[int, str] = {}
        self._count = 0

    def get(self, name: str) -> nn.Parameter | None:
        """The parameter of that name."""
        held = self._by_name.get(name)
        return held() if isinstance(held, weakref.ref) else held

    def name_of(self, parameter: nn.Parameter) -> str | None:
        """Its name, where it has crossed before."""
        name = self._names.get(id(parameter))
        return name if name is not None and self.get(name) is parameter else None

    def add(self, parameter: nn.Parameter, name: str | None = None) -> str:
        """Note a parameter that crosses for the first time; its name."""
        if name is None:
            self._count += 1
            name = f"{self.mine}{self._count}"
        self._names[id(parameter)] = name
        self._by_name[name] = weakref.ref(parameter) if self.weak else parameter
        self._seen[name] = _Seen(parameter)
        if self.weak:
            weakref.finalize(parameter, self._forget, name, id(parameter)).atexit = False
        return name

    def _forget(self, name: str, identity: int) -> None:
        self.drop(name)
        if self._names.get(identity) == name:
            del self._names[identity]
        self.gone.append(name)

    def drop(self, name: str) -> None:
        """Forget a parameter, by name."""
        held = self._by_name.pop(name, None)
        self._seen.pop(name, None)
        if isinstance(held, nn.Parameter):
            self._names.pop(id(held), None)

    def changes(self) -> list[tuple]:
        """(name, values, gradient, requires_grad) of those that changed here since the last message."""
        found = []
        for name, seen in list(self._seen.items()):
            parameter = self.get(name)
            if parameter is None or seen.is_current(parameter):
                continue
            now = self._seen[name] = _Seen(parameter)
            found.append((name, now.data, now.grad, now.needs))
        return found

    def apply(self, changes: Any) -> None:
        """Take over what changed on the other side."""
        for name, data, grad, needs in changes:
            parameter = self.get(name)
            if parameter is not None and type(data) is Tensor:
                _put(parameter, data, grad if type(grad) is Tensor else None, needs is True)
                self._seen[name] = _Seen(parameter)


def _put(parameter: nn.Parameter, data: Tensor, grad: Tensor | None, needs: bool) -> None:
    if parameter.shape != data.shape or parameter.dtype != data.dtype:
        parameter.data = data
    elif not _same(data, parameter):
        parameter.copy_(data)
    if grad is not None and (grad.shape != parameter.shape or grad.dtype != parameter.dtype):
        grad = None
    parameter.grad = grad
    parameter.requires_grad_(needs and (parameter.is_floating_point() or parameter.is_complex()))
