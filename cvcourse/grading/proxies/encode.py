"""Values as trees of JSON and blobs. A subclass that adds something is an object of its own and crosses as a reference.

Mutable values are numbered in the order in which they are written (containers after their contents), so that the other
side can say later which of them changed; `slots` lists them.
"""

import collections
import contextlib
import dataclasses
import inspect
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from cvcourse.grading.proxies.errors import WireError
from cvcourse.grading.proxies.frames import Blob
from cvcourse.grading.proxies.tensors import DTYPE_NAMES, describe_array, describe_tensor

MAX_DEPTH = 80
MAX_NODES = 2_000_000
CONTAINERS = {list: "l", dict: "d", set: "s", collections.OrderedDict: "od"}
# What Python itself puts into each class.
_EVERY_CLASS = frozenset({*vars(type("", (), {})), "__slots__", "__annotations__", "__orig_bases__", "__parameters__"})
TYPES = {kind.__name__: kind for kind in (int, float, bool, str, bytes, complex, list, tuple, dict, set, object, type)}
TYPE_NAMES = {kind: name for name, kind in TYPES.items()}
CONSTANTS = {"...": Ellipsis, "NotImplemented": NotImplemented}
CONSTANTS |= {str(value): value for value in vars(torch).values() if type(value) in (torch.layout, torch.memory_format)}


class Encoder:
    """Writes the values of one message.

    Args:
        refer: gives the tree of a value that crosses by reference, or raises `WireError`.
        own: slots of the message that is answered: what came from there goes back as its number.
    """

    def __init__(self, refer: Callable[["Encoder", Any, int], list], own: dict[int, int] | None = None) -> None:
        self.refer, self.own = refer, own or {}
        self.blobs: list[Blob] = []
        self.slots: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._nodes = self.characters = 0

    def encode(self, value: Any, depth: int = 0) -> Any:
        """The tree of a value. Raises `WireError` where it cannot cross."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise WireError("a value that is nested too deeply, or has too many parts")
        kind = type(value)
        if kind is str:
            self.characters += 6 * len(value)  # at most so many in JSON
        if value is None or kind is bool or kind is str:
            return value
        if kind is int:
            return value if -(1 << 63) <= value < 1 << 63 else ["i", hex(value)]
        if kind is float:
            return value if math.isfinite(value) else ["f", str(value)]
        if id(value) in self.own:
            return ["=", self.own[id(value)]]
        if id(value) in self._numbers:
            return ["@", self._numbers[id(value)]]
        write = _WRITERS.get(kind)
        if write is not None:
            return write(self, value, depth + 1)
        return self._rare(value, depth + 1)

    def blob(self, data: Blob) -> int:
        """Add raw bytes; their number."""
        self.blobs.append(data)
        return len(self.blobs) - 1

    def slot(self, value: Any, leaf: bool = True) -> None:
        """Number a mutable value; a leaf that comes again in this message is the same object there too."""
        if leaf:
            self._numbers[id(value)] = len(self.slots)
        self.slots.append(value)

    def forget(self, value: Any) -> None:
        """Write this value anew when it comes again."""
        self._numbers.pop(id(value), None)

    def _rare(self, value: Any, depth: int) -> list:
        if isinstance(value, np.generic):
            description, data = describe_array(value)
            return ["ns", description[0], self.blob(data)]
        if isinstance(value, np.dtype) and value.kind in "biufc":
            return ["nd", value.str]
        if isinstance(value, type) and value in TYPE_NAMES:
            return ["type", TYPE_NAMES[value]]
        for name, constant in CONSTANTS.items():
            if value is constant:
                return ["k", name]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._dataclass(value, depth)
        if isinstance(value, tuple):
            return self._named_tuple(value, depth)
        base = _only_named(type(value))
        if base in (list, dict, set):
            return self.container(value, depth, base)
        return self.refer(self, value, depth)

    def _dataclass(self, value: Any, depth: int) -> list:
        fields = _stored(value)
        if fields is None:
            return self.refer(self, value, depth)
        parts = [[name, self.encode(part, depth)] for name, part in fields.items()]
        whole = self.refer(self, value, depth)
        self.slot(value, leaf=False)
        return ["dc", type(value).__name__, parts, whole]

    def _named_tuple(self, value: tuple, depth: int) -> list:
        """By value, as what it is to a test: of a named tuple of Python and of torch (`x.max(dim=0)`) the names too."""
        kind = type(value)
        names = getattr(kind, "_fields", None) or getattr(kind, "__match_args__", ())
        named = type(names) is tuple and len(names) == len(value) and all(type(name) is str for name in names)
        if not named and _only_named(kind) is not tuple:
            return self.refer(self, value, depth)
        parts = [self.encode(part, depth) for part in tuple.__iter__(value)]
        if not named or not names:
            return ["t", *parts]
        return ["nt", kind.__name__, list(names), *parts]

    def container(self, value: Any, depth: int, kind: type | None = None) -> list:
        """A list, dict or set, or what is one but for its name: its parts first, then its own number."""
        kind = kind or type(value)
        if isinstance(value, dict):
            parts = [self.encode(part, depth) for pair in value.items() for part in pair]
        else:
            parts = [self.encode(part, depth) for part in kind.__iter__(value)]
        self.slot(value, leaf=False)
        return [CONTAINERS.get(kind, "d"), *parts]

    def tensor(self, value: torch.Tensor, depth: int) -> list:
        """A tensor or parameter of this process. A sparse one crosses without its gradient."""
        if value.layout is torch.sparse_coo:
            plain = value.detach()
            parts = [self.encode(part.clone(), depth) for part in (plain._indices(), plain._values())]
            return ["sparse", *parts, list(value.shape), value.is_coalesced()]
        description, data = describe_tensor(value)
        number = None if data is None else self.blob(data)
        self.slot(value)
        needs = value.requires_grad
        grad = self.encode(value.grad, depth) if needs and value.is_leaf and value.grad is not None else None
        return ["T", description, number, needs, value.is_leaf, type(value) is torch.nn.Parameter, grad]

    def generator(self, value: torch.Generator, _depth: int) -> list:
        """A generator with its state."""
        if value.device.type != "cpu":
            raise WireError(f"a generator on {value.device}: use one on the CPU")
        self.slot(value)
        return ["g", self.blob(value.get_state().numpy().tobytes())]

    def array(self, value: np.ndarray, _depth: int) -> list:
        """A numpy array."""
        description, data = describe_array(value)
        self.slot(value)
        return ["n", description, self.blob(data)]


def _only_named(kind: type) -> type | None:
    """The builtin that a class gives another name, without adding anything to it."""
    for base in kind.__mro__:
        if base in (tuple, list, dict, set):
            return base
        if not _EVERY_CLASS.issuperset(vars(base)):
            return None
    return None


def _stored(value: Any) -> dict[str, Any] | None:
    """A dataclass's fields as they are stored; None where one is computed, as that would run code of the answer."""
    kind, fields = type(value), {}
    stored = getattr(value, "__dict__", {})
    for name in [field.name for field in dataclasses.fields(kind)]:
        place = inspect.getattr_static(kind, name, None)
        if isinstance(place, types.MemberDescriptorType):
            with contextlib.suppress(AttributeError):  # it was never set
                fields[name] = place.__get__(value)
        elif hasattr(type(place), "__set__"):
            return None
        elif name in stored:
            fields[name] = stored[name]
        elif place is not None:
            fields[name] = place
    return fields


def _reference(encoder: Encoder, value: Any, depth: int) -> list:
    return encoder.refer(encoder, value, depth)


_WRITERS: dict[type, Callable[[Encoder, Any, int], Any]] = {
    **dict.fromkeys(CONTAINERS, Encoder.container),
    tuple: lambda e, v, d: ["t", *[e.encode(part, d) for part in v]],
    frozenset: lambda e, v, d: ["z", *[e.encode(part, d) for part in v]],
    complex: lambda e, v, d: ["c", e.encode(v.real, d), e.encode(v.imag, d)],
    bytes: lambda e, v, d: ["b", e.blob(v)],
    slice: lambda e, v, d: ["slice", *[e.encode(part, d) for part in (v.start, v.stop, v.step)]],
    range: lambda e, v, d: ["range", *[e.encode(part, d) for part in (v.start, v.stop, v.step)]],
    torch.Size: lambda e, v, d: ["size", *v],
    torch.dtype: lambda e, v, d: ["dt", DTYPE_NAMES[v]] if v in DTYPE_NAMES else e.refer(e, v, d),
    torch.device: lambda e, v, d: ["dev", str(v)],
    torch.Tensor: Encoder.tensor,
    torch.Generator: Encoder.generator,
    np.ndarray: Encoder.array,
    torch.nn.Parameter: _reference,
    types.FunctionType: _reference,
}
