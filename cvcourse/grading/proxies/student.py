"""The end in the answer's process: it serves the names of the notebook. Nothing here is relied on for a verdict."""

import collections
import contextlib
import copy
import dataclasses
import functools
import importlib
import itertools
import operator
import socket
import traceback
import types
from typing import Any

import torch
from torch import nn

from cvcourse.grading.proxies import exceptions
from cvcourse.grading.proxies.changes import Snapshot
from cvcourse.grading.proxies.children import Children
from cvcourse.grading.proxies.context import Undisturbed, entered, put_aside
from cvcourse.grading.proxies.decode import Decoder
from cvcourse.grading.proxies.encode import Encoder
from cvcourse.grading.proxies.errors import PeerGoneError, WireError
from cvcourse.grading.proxies.exceptions import describe_class
from cvcourse.grading.proxies.modules import Received, copy_state, known, same_state, signature_of, state
from cvcourse.grading.proxies.objects import Objects
from cvcourse.grading.proxies.peer import UNASKED, Peer
from cvcourse.grading.proxies.telling import where
from cvcourse.guard import Refusal, lasting

AT_ONCE = 32
# Iterators whose values are there already: several go at once.
_EMPTY = ([], (), set(), range(1), {}, {}.values(), {}.items(), collections.OrderedDict().values())
READY = frozenset(type(iter(values)) for values in _EMPTY)
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
# `parameters()`, `children()` and so on: all values at once, since nothing of the answer runs between them.
OF_MODULES = nn.Module.parameters.__code__.co_filename
# Dicts with a convenience: to a test they are the dicts that they compare equal to.
DICTIONARIES = (collections.defaultdict, collections.Counter)


class Remote:
    """An object of the test as the answer sees it: it can be called, iterated and indexed."""

    def __init__(self, peer: "Student", handle: int, name: str) -> None:
        self._peer, self._handle, self.__name__ = peer, handle, name

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._peer.ask("call", self, arguments, options)

    def __copy__(self) -> "Remote":
        return self

    def __deepcopy__(self, _memo: dict) -> "Remote":
        return self  # a copied module has the hooks of the original, as functions are never copied

    def __iter__(self) -> Any:
        iterator = self._peer.ask("iterate", self)
        while True:
            values, more = self._peer.ask("following", iterator)
            yield from values
            if not more:
                return

    def __len__(self) -> int:
        return self._peer.ask("length", self)

    def __getitem__(self, index: Any) -> Any:
        return self._peer.ask("item", self, index)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._peer.ask("get", self, name)


class Student(Peer):
    """Answers what the tester asks about the names in `namespace`."""

    side = "student"

    def __init__(self, connection: socket.socket, namespace: dict[str, Any]) -> None:
        super().__init__(connection, namespace)
        self.objects, self.received = Objects(), Received()
        self._now: list[nn.Module] = []
        self._refusals: dict[int, Refusal] = {}
        self._children = Children()
        names = [
            "names",
            "call",
            "get",
            "set",
            "remove",
            "operate",
            "iterate",
            "following",
            "invoke",
            "copy",
            "signature",
            "leave",
            "done",
        ]
        self.operations |= {name: getattr(self, f"_{name}") for name in names}
        self._finished = False
        self._error: BaseException | None = None
        self._lasting: contextlib.ExitStack | None = None

    def serve(self, names: list[str] | None = None) -> None:
        """Answer until the tester says that it is done, or is gone. `names` are those that it will ask for first.

        Functions that were exchanged for the guard stay so until `put_back`: most tests follow each other.
        """
        self._finished = False
        self._children.forget()
        if self._lasting is None:
            self._lasting = contextlib.ExitStack()
            self._lasting.enter_context(lasting())
        with contextlib.suppress(PeerGoneError):
            if names:
                with Undisturbed():
                    self._reply("ok", UNASKED, self._names(names), Snapshot([]), {}, False)
            while not self._finished:
                (kind, number, called, along), blobs = self._read()
                self.answer(number, called, along, blobs, reply=kind == "ask")

    def put_back(self) -> None:
        """Make library functions their own again, for a cell of the notebook."""
        around, self._lasting = self._lasting, None
        if around is not None:
            around.close()

    # Values.

    def refer(self, encoder: Encoder, value: Any, depth: int) -> list:
        """Parameters by name, the test's own things as such, everything else by handle."""
        if isinstance(value, Remote):
            return ["mine", value._handle]
        if type(value) is nn.Parameter:
            return self.refer_parameter(encoder, value, depth)
        if type(value) is types.GeneratorType and value.gi_code.co_filename == OF_MODULES:
            return ["it", *[encoder.encode(part, depth) for part in value]]
        if type(value) in DICTIONARIES:
            return encoder.container(value, depth)
        kind = "class" if isinstance(value, type) else "module" if isinstance(value, nn.Module) else "object"
        names = describe_class(value if kind == "class" else type(value))
        label = value.__name__ if isinstance(value, FUNCTIONS) else ""
        return ["r", self.objects.put(value), kind, ["t", *names], label]

    def resolve(self, decoder: Decoder, tree: list, depth: int) -> Any:
        """The other way round; modules of the test's are built here."""
        tag = tree[0]
        if tag == "mine":
            return self.objects.get(tree[1])
        if tag == "r":
            return Remote(self, tree[1], tree[2])
        if tag == "lib":
            return _library(tree[1], tree[2])
        if tag == "dc":
            return _record(tree[2], tree[3])
        if tag == "module":
            described = decoder.decode(tree[1], depth)
            if not known(described, self.namespace):
                return Remote(self, tree[2], described["class"])
            module = self.received.build(described, self.namespace)
            self._now.append(module)
            return module
        if tag == "p":
            return self._receive_parameter(decoder, tree, depth)
        raise WireError("what came is no value")

    def _receive_parameter(self, decoder: Decoder, tree: list, depth: int) -> nn.Parameter:
        _, name, content = tree
        known = self.parameters.get(name)
        if known is not None or content is None:
            return known
        data, grad, needs = decoder.decode(content, depth)
        parameter = nn.Parameter(data, requires_grad=needs)
        parameter.grad = grad
        self.parameters.add(parameter, name)
        return parameter

    # Around a call.

    def surroundings(self) -> dict[str, Any]:
        """Of a callback only the gradient mode matters."""
        return {"grad": torch.is_grad_enabled()}

    def surrounded(self, surroundings: dict[str, Any], seen: dict[str, Any]) -> contextlib.AbstractContextManager:
        """As the test cell was."""
        return entered(surroundings, seen, self._refusals, self._children)

    def while_asking(self) -> contextlib.AbstractContextManager:
        """What the test's function asks meanwhile is surrounded by the test's own blocks, not by these."""
        return put_aside()

    def follows(self, parameter: nn.Parameter) -> bool:
        """All of the answer's parameters are the test's to train."""
        return True

    def let_go(self, freed: Any) -> None:
        """Handles and parameters that the tester has no more."""
        handles, names = freed
        for handle, times in handles:
            self.objects.drop(handle, times)
        for name in names:
            self.parameters.drop(name)

    def watch(self) -> Any:
        """The state of the modules that came with this call."""
        modules, self._now = self._now, []
        return [(module, copy_state(state(module))) for module in modules]

    def watched(self, before: Any) -> list:
        """(module, state) where it changed."""
        changed = [(module, state(module)) for module, old in before if not same_state(old, state(module))]
        return [(self.received.number(module), entries) for module, entries in changed]

    # Operations.

    def _names(self, wanted: list[str]) -> dict[str, Any]:
        return {name: self.namespace[name] for name in wanted if name in self.namespace}

    def _call(self, target: Any, arguments: tuple, options: dict) -> Any:
        return target(*arguments, **options)

    def _get(self, target: Any, name: str) -> Any:
        return getattr(target, name)

    def _set(self, target: Any, name: str, value: Any) -> None:
        setattr(target, name, value)

    def _remove(self, target: Any, name: str) -> None:
        delattr(target, name)

    def _operate(self, target: Any, name: str, *others: Any) -> Any:
        return getattr(operator, name)(target, *others)

    def _iterate(self, target: Any) -> tuple[Any, list, bool]:
        iterator = iter(target)
        return iterator, *self._following(iterator)

    def _following(self, iterator: Any) -> tuple[list, bool]:
        if type(iterator) in READY:
            values = list(itertools.islice(iterator, AT_ONCE))
            return values, len(values) == AT_ONCE
        try:
            return [next(iterator)], True
        except StopIteration:
            return [], False

    def _invoke(self, target: Any, name: str, arguments: tuple, options: dict) -> Any:
        return getattr(target, name)(*arguments, **options)

    def _leave(self, target: Any, raised: tuple | None) -> None:
        error = None if raised is None else exceptions.rebuild(*raised, ())
        target.__exit__(None if error is None else type(error), error, None)

    def _copy(self, target: Any, deep: bool) -> Any:
        return copy.deepcopy(target) if deep else copy.copy(target)

    def _signature(self, target: Any) -> Any:
        return signature_of(target)

    def _done(self, told: list[tuple[str, str]]) -> None:
        self._finished = True
        error, self._error = self._error, None
        if error is not None and any(exceptions.means(error, *one) for one in told):
            print(where(error), end="")

    def note(self, error: BaseException) -> None:
        """Keep it: a test that ends with it shows where in the answer it was. What it worked on is let go."""
        self._error = error
        traceback.clear_frames(error.__traceback__)


def _record(name: str, values: dict[str, Any]) -> Any:
    """A dataclass of the test that the answer does not know: of the same name and fields, without its methods."""
    made = object.__new__(_record_class(name, tuple(values)))
    vars(made).update(values)
    return made


@functools.lru_cache(maxsize=64)
def _record_class(name: str, fields: tuple[str, ...]) -> type:
    return dataclasses.make_dataclass(name, fields)


def _library(module: str, name: str) -> Any:
    """A function or class of a library that a test passed."""
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found
