"""A module that a test built of known classes, by value: their names, plain attributes, parameters, buffers.

Only the process of the answer makes modules of this; nothing that the answer sends becomes one.
"""

import importlib
import inspect
import types
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from cvcourse.grading.proxies.errors import WireError

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
PARAMETER_HOOKS = ("_backward_hooks", "_post_accumulate_grad_hooks")
_INSIDE = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set", "training")
_PLAIN = (int, float, bool, str, tuple, list, dict, type(None), torch.device, torch.dtype, types.FunctionType)


def is_described(value: Any, namespace: dict[str, Any]) -> bool:
    """Whether it consists of classes of torch, torchvision and the notebook only."""
    return isinstance(value, nn.Module) and all(
        _class_name(type(module), namespace) for module in nn.Module.modules(value)
    )


def _class_name(kind: type, namespace: dict[str, Any]) -> str:
    """The name by which `_class_of` finds a class; empty where it does not."""
    names = [kind.__name__, f"{kind.__module__}.{kind.__qualname__}"]
    return next((name for name in names if _class_of(name, namespace) is kind), "")


def _class_of(name: str, namespace: dict[str, Any]) -> type | None:
    """A class of `torch.nn` by its name; one of torchvision or of the notebook by that of its module too."""
    module, _, last = name.rpartition(".")
    if not module:
        return getattr(nn, last, None)
    if module == "__main__":
        return namespace.get(last)
    return getattr(importlib.import_module(module), last, None) if module.startswith("torchvision.") else None


def known(described: dict[str, Any], namespace: dict[str, Any]) -> bool:
    """Whether this process has all classes of a described module."""
    kind = _class_of(described["class"], namespace)
    children = [child for _, child in described["children"] if child]
    return isinstance(kind, type) and all(known(child, namespace) for child in children)


def describe(module: nn.Module, number: Callable[[nn.Module], int], namespace: dict[str, Any]) -> dict[str, Any]:
    """The module as a dict of values that cross; `number` gives the same number for the same module every time."""
    own = {key: value for key, value in vars(module).items() if key not in _INSIDE and not key.endswith("_hooks")}
    own = {key: value for key, value in own.items() if key not in _standard() and type(value) in _PLAIN}
    kept = module._non_persistent_buffers_set
    return {
        "class": _class_name(type(module), namespace),
        "number": number(module),
        "attributes": own,
        "parameters": dict(module._parameters),
        "buffers": [(name, value, name not in kept) for name, value in module._buffers.items()],
        "training": module.training,
        "children": [(name, child and describe(child, number, namespace)) for name, child in module._modules.items()],
        "hooks": [(kind, list(getattr(module, kind).values())) for kind in HOOKS[:2]],
    }


def _standard() -> set[str]:
    return set(vars(nn.Module()))


class Received:
    """Test-built modules in the answer's process, by number."""

    def __init__(self) -> None:
        self._modules: dict[int, nn.Module] = {}
        self._hooks: dict[int, list] = {}

    def build(self, described: dict[str, Any], namespace: dict[str, Any]) -> nn.Module:
        """Make or renew the module that was described."""
        kind = _class_of(described["class"], namespace)
        module = self._modules.get(described["number"])
        if type(module) is not kind:
            module = kind.__new__(kind)
            nn.Module.__init__(module)
            self._modules[described["number"]] = module
        vars(module).update(described["attributes"])
        module._parameters = dict(described["parameters"])
        module._buffers = {name: value for name, value, _ in described["buffers"]}
        module._non_persistent_buffers_set = {name for name, _, kept in described["buffers"] if not kept}
        module.training = described["training"]
        module._modules = {name: child and self.build(child, namespace) for name, child in described["children"]}
        self._hook(module, described)
        return module

    def number(self, module: nn.Module) -> int:
        """The number of a module that was built here."""
        return next(number for number, held in self._modules.items() if held is module)

    def _hook(self, module: nn.Module, described: dict[str, Any]) -> None:
        for handle in self._hooks.pop(described["number"], []):
            handle.remove()
        before, after = (hooks for _, hooks in described["hooks"])
        handles = [module.register_forward_hook(hook) for hook in before]
        handles += [module.register_forward_pre_hook(hook) for hook in after]
        self._hooks[described["number"]] = handles


def state(module: nn.Module) -> list[tuple]:
    """What a call may change, for each submodule: mode, number of hooks, parameters with their hooks, buffers."""
    return [
        (
            part.training,
            [len(getattr(part, kind)) for kind in HOOKS],
            [(name, parameter_hooks(parameter)) for name, parameter in part._parameters.items()],
            list(part._buffers.items()),
        )
        for part in nn.Module.modules(module)
    ]


def parameter_hooks(parameter: nn.Parameter | None) -> int:
    """How many functions run with its gradient."""
    return sum(len(getattr(parameter, kind, None) or ()) for kind in PARAMETER_HOOKS)


def same_state(first: list[tuple], second: list[tuple]) -> bool:
    """Whether nothing changed."""
    if [entry[:3] for entry in first] != [entry[:3] for entry in second]:
        return False
    for (*_, old), (*_, new) in zip(first, second, strict=True):
        if [name for name, _ in old] != [name for name, _ in new]:
            return False
        if any(not _equal(a, b) for (_, a), (_, b) in zip(old, new, strict=True)):
            return False
    return True


def _equal(first: Tensor | None, second: Tensor | None) -> bool:
    if first is None or second is None:
        return first is second
    return first.shape == second.shape and first.dtype == second.dtype and torch.equal(first, second)


def copy_state(entries: list[tuple]) -> list[tuple]:
    """A snapshot of `state`."""
    return [
        (*entry[:3], [(name, None if value is None else value.clone()) for name, value in entry[3]])
        for entry in entries
    ]


def put_state(module: nn.Module, entries: Any) -> None:
    """Take over what the call changed. Hooks come back as numbers: stand-ins that do nothing take their places."""
    parts = list(nn.Module.modules(module))
    if len(parts) != len(entries):
        raise WireError("a module came back with other parts")
    for part, (training, hooks, parameters, buffers) in zip(parts, entries, strict=True):
        part.training = training is True
        for kind, count in zip(HOOKS, hooks, strict=True):
            _match_hooks(getattr(part, kind), count)
        for name in set(part._parameters) - {name for name, _ in parameters}:
            del part._parameters[name]
        for name, count in parameters:
            _match_parameter_hooks(part._parameters.get(name), count)
        _put_buffers(part, buffers)


def _match_hooks(hooks: dict, count: int) -> None:
    while len(hooks) > max(count, 0):
        hooks.popitem()
    for number in range(len(hooks), min(count, 100)):
        hooks[-1 - number] = _nothing


def _match_parameter_hooks(parameter: nn.Parameter | None, count: int) -> None:
    """The answer's hooks on a parameter; the test's own are not known there and stay."""
    if parameter is None or not parameter.requires_grad:
        return
    hooks = parameter._backward_hooks or {}
    left = [handle for handle, hook in hooks.items() if hook is _nothing]
    for handle in left[max(count, 0) :]:
        del hooks[handle]
    for _ in range(len(left), min(count, 100)):
        parameter.register_hook(_nothing)


def _nothing(*_: Any) -> None:
    """A hook that the answer left: what it does stays there."""


def _put_buffers(part: nn.Module, buffers: Any) -> None:
    new = {name: value for name, value in buffers if type(name) is str and (value is None or type(value) is Tensor)}
    for name in set(part._buffers) - set(new):
        del part._buffers[name]
    for name, value in new.items():
        old = part._buffers.get(name)
        if old is not None and value is not None and old.shape == value.shape and old.dtype == value.dtype:
            if not torch.equal(old, value):
                old.copy_(value)
        else:
            part._buffers[name] = value


def signature_of(value: Any) -> list[tuple] | None:
    """(name, kind, [default] or []) of each argument, where that can be known."""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return None
    return [(p.name, int(p.kind), [] if p.default is p.empty else [p.default]) for p in found.parameters.values()]
