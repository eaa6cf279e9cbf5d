"""Values from trees of JSON and blobs. It is fed by a process that may send anything: it answers with a plain value or
with `WireError`, executes nothing, imports nothing, and keeps to the limits of `encode`.
"""

import collections
import dataclasses
import functools
import math
import re
from collections.abc import Callable
from typing import Any

import torch

from cvcourse.grading.proxies.encode import CONSTANTS, MAX_DEPTH, MAX_NODES, TYPES
from cvcourse.grading.proxies.errors import WireError
from cvcourse.grading.proxies.tensors import DTYPES, MAX_ELEMENTS, _numpy_dtype, make_array, make_tensor

MAX_DIGITS = 20_000
GENERATOR_BYTES = 5056
_DEVICE = re.compile(r"(cpu|meta|cuda(:\d{1,2})?)")


class Decoder:
    """Reads the values of one message.

    Args:
        blobs: the raw bytes of the message.
        resolve: gives the value of a reference's tree, or raises `WireError`.
        own: what this side sent in the message that is answered, by slot.
        records: the dataclasses and named tuples that this side has, by name.
    """

    def __init__(
        self,
        blobs: list[memoryview],
        resolve: Callable[["Decoder", list, int], Any],
        own: list[Any] | None = None,
        records: Callable[[str], type | None] = lambda name: None,
    ) -> None:
        self.blobs, self.resolve, self.own = blobs, resolve, own or []
        self.records = records
        self.slots: list[Any] = []
        # (slot, tensor) of what needs a gradient: leaves, and results of a graph on the other side
        self.leaves: list[tuple[int, torch.Tensor]] = []
        self.joined: list[tuple[int, torch.Tensor]] = []
        self._repeatable: set[int] = set()
        self._nodes = 0

    def decode(self, tree: Any, depth: int = 0) -> Any:
        """The value of a tree. Raises `WireError` for whatever is none."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise WireError("what came is nested too deeply, or has too many parts")
        if tree is None or type(tree) in (bool, str, int, float):
            return tree
        if type(tree) is not list or not tree or type(tree[0]) is not str:
            raise WireError("what came is no value")
        read = _READERS.get(tree[0])
        try:
            return read(self, tree, depth + 1) if read else self.resolve(self, tree, depth + 1)
        except WireError:
            raise
        # numpy raises a SystemError where the text of an array is none.
        except (LookupError, TypeError, ValueError, OverflowError, RuntimeError, AttributeError, SystemError) as error:
            raise WireError(f"what came is no value: {str(error)[:100]}") from None

    def blob(self, number: Any) -> memoryview:
        """The raw bytes of that number."""
        if type(number) is not int or not 0 <= number < len(self.blobs):
            raise WireError("what came names bytes that it does not have")
        return self.blobs[number]

    def parts(self, tree: list, depth: int) -> list[Any]:
        """All values after the tag."""
        return [self.decode(part, depth) for part in tree[1:]]

    def plain(self, value: Any, kind: type) -> Any:
        """`value`, if it is exactly of that type."""
        if type(value) is not kind:
            raise WireError(f"what came is no value: {kind.__name__} expected")
        return value

    def slot(self, value: Any, leaf: bool = True) -> Any:
        """Number a mutable value as the sender did."""
        if leaf:
            self._repeatable.add(len(self.slots))
        self.slots.append(value)
        return value

    def again(self, tree: list, _depth: int) -> Any:
        """A leaf that came before in this message. Never a container: nested repeats would grow without bound."""
        if tree[1] not in self._repeatable:
            raise WireError("what came repeats something that did not come")
        return self.slots[tree[1]]

    def returned(self, tree: list, _depth: int) -> Any:
        """Something that this side sent."""
        number = self.plain(tree[1], int)
        if not 0 <= number < len(self.own):
            raise WireError("what came returns something that was not sent")
        return self.own[number]

    def tensor(self, tree: list, depth: int) -> torch.Tensor:
        """A tensor; one that needs a gradient is noted in `leaves`, or in `joined` if it is the result of a graph."""
        _, description, number, needs, is_leaf, is_parameter, grad = tree
        data = None if number is None else self.blob(number)
        value = make_tensor(description, data)
        if is_parameter is True:
            value = torch.nn.Parameter(value, requires_grad=needs is True)
        slot = len(self.slots)
        self.slot(value)
        if needs is True and (is_leaf is True or is_parameter is True):
            value.requires_grad_()
            value.grad = self.decode(grad, depth)
            self.leaves.append((slot, value))
        elif needs is True:
            self.joined.append((slot, value))
        return value

    def sparse(self, tree: list, depth: int) -> torch.Tensor:
        """A sparse tensor of indices and values."""
        _, indices, values, shape, coalesced = tree
        if any(type(size) is not int or size < 0 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise WireError("a sparse tensor that is too large")
        parts = [self.plain(self.decode(part, depth), torch.Tensor) for part in (indices, values)]
        made = torch.sparse_coo_tensor(*parts, tuple(shape), check_invariants=True)
        # Only coalescing it here makes sure that it is: what is said of it need not be true.
        return made.coalesce() if coalesced is True else made

    def generator(self, tree: list, _depth: int) -> torch.Generator:
        """A generator with the state that came."""
        state = self.blob(tree[1])
        if len(state) != GENERATOR_BYTES:
            raise WireError("no state of a generator")
        value = torch.Generator()
        value.set_state(torch.frombuffer(state, dtype=torch.uint8).clone())
        return self.slot(value)

    def dataclass(self, tree: list, depth: int) -> Any:
        """A dataclass that both sides have, by value; one that only the sender has, as what `resolve` makes of it."""
        _, name, fields, whole = tree
        kind = self.records(self.plain(name, str))
        values = {self.plain(key, str): self.decode(part, depth) for key, part in fields}
        if not _has_fields(kind, values):
            return self.slot(self.resolve(self, ["dc", whole, name, values], depth), leaf=False)
        made = object.__new__(kind)
        for key, value in values.items():
            object.__setattr__(made, key, value)
        return self.slot(made, leaf=False)

    def named_tuple(self, tree: list, depth: int) -> tuple:
        """A tuple whose parts have names."""
        _, name, names, *parts = tree
        if len(names) != len(parts) or not all(type(one) is str and len(one) < 200 for one in [name, *names]):
            raise WireError("no named tuple")
        kind = self.records(name)
        if getattr(kind, "_fields", None) != tuple(names):
            kind = named_tuple(name, tuple(names))
        return tuple.__new__(kind, [self.decode(part, depth) for part in parts])

    def dictionary(self, tree: list, depth: int) -> Any:
        """A dict, ordered or not."""
        parts = self.parts(tree, depth)
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return self.slot(dict(pairs) if tree[0] == "d" else collections.OrderedDict(pairs), leaf=False)

    def integer(self, tree: list, _depth: int) -> int:
        """An int of more than 64 bits."""
        if len(self.plain(tree[1], str)) > MAX_DIGITS:
            raise WireError("an int of too many digits")
        return int(tree[1], 16)


def _has_fields(kind: type | None, values: dict[str, Any]) -> bool:
    names = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else None
    return names is not None and values.keys() <= names


@functools.lru_cache(maxsize=64)
def named_tuple(name: str, names: tuple[str, ...]) -> type[tuple]:
    """The class of tuples with these names. Raises `ValueError` for what is no name."""
    return collections.namedtuple(name, names)


_READERS: dict[str, Callable[[Decoder, list, int], Any]] = {
    "l": lambda d, t, n: d.slot(d.parts(t, n), leaf=False),
    "s": lambda d, t, n: d.slot(set(d.parts(t, n)), leaf=False),
    "d": Decoder.dictionary,
    "od": Decoder.dictionary,
    "t": lambda d, t, n: tuple(d.parts(t, n)),
    "it": lambda d, t, n: iter(d.parts(t, n)),
    "nt": Decoder.named_tuple,
    "z": lambda d, t, n: frozenset(d.parts(t, n)),
    "c": lambda d, t, n: complex(*[d.plain(part, float) for part in d.parts(t, n)]),
    "i": Decoder.integer,
    "f": lambda d, t, n: {"nan": float("nan"), "inf": float("inf"), "-inf": -float("inf")}[t[1]],
    "b": lambda d, t, n: bytes(d.blob(t[1])),
    "slice": lambda d, t, n: slice(*d.parts(t, n)),
    "range": lambda d, t, n: range(*[d.plain(part, int) for part in d.parts(t, n)]),
    "size": lambda d, t, n: torch.Size([d.plain(part, int) for part in t[1:]]),
    "dt": lambda d, t, n: DTYPES[t[1]],
    "dev": lambda d, t, n: torch.device(_DEVICE.fullmatch(t[1])[0]),
    "k": lambda d, t, n: CONSTANTS[t[1]],
    "type": lambda d, t, n: TYPES[t[1]],
    "nd": lambda d, t, n: _numpy_dtype(t[1]),
    "ns": lambda d, t, n: make_array([t[1], [1], "C"], d.blob(t[2]))[0],
    "n": lambda d, t, n: d.slot(make_array(t[1], d.blob(t[2]))),
    "g": Decoder.generator,
    "T": Decoder.tensor,
    "sparse": Decoder.sparse,
    "@": Decoder.again,
    "=": Decoder.returned,
    "dc": Decoder.dataclass,
}
