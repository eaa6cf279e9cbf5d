"""The end in the tester's process: no code of the answer runs here, and nothing that comes is more than data."""

import contextlib
import socket
import sys
import types
import weakref
from collections.abc import Collection, Iterator
from typing import Any

import torch
from torch import nn

from cvcourse import guard
from cvcourse.grading.proxies.context import Surroundings
from cvcourse.grading.proxies.decode import Decoder
from cvcourse.grading.proxies.encode import Encoder
from cvcourse.grading.proxies.errors import CannotCrossError, PeerGoneError, WireError
from cvcourse.grading.proxies.exceptions import MAX_TEXT, resolve_class
from cvcourse.grading.proxies.modules import describe, is_described, put_state
from cvcourse.grading.proxies.objects import Objects
from cvcourse.grading.proxies.peer import UNASKED, Peer, Raised, Refused, is_record
from cvcourse.grading.proxies.proxy import Proxies, Proxy
from cvcourse.grading.proxies.random_states import Generators
from cvcourse.grading.proxies.telling import plain_name

_LIBRARIES = ("torch", "numpy", "math", "operator", "builtins", "itertools", "functools", "collections")
LONGEST_CHAIN = 10
# What an answer may call on an object of the test that does not cross by value.
_METHODS = (
    (torch.optim.Optimizer, ("step", "zero_grad", "state_dict")),
    (torch.optim.lr_scheduler.LRScheduler, ("step", "get_last_lr", "state_dict")),
    (nn.Module, ("parameters", "train", "eval", "zero_grad", "state_dict", "named_parameters", "training", "forward")),
)


class Tester(Peer):
    """Asks the answer's process. `namespace` is that of the test cells; `seconds` is the longest wait for a reply."""

    side = "tester"

    def __init__(self, connection: socket.socket, namespace: dict[str, Any], seconds: float | None = None) -> None:
        super().__init__(connection, namespace)
        connection.settimeout(seconds)
        self.proxies, self.objects, self._around = Proxies(self), Objects(), Surroundings()
        self._generators = Generators()
        self.classes: frozenset[str] = frozenset()
        self.served = True
        """Whether the answer's process serves: while it does not, nobody would answer."""
        self._records: weakref.WeakValueDictionary[str, type] = weakref.WeakValueDictionary()
        self._held_by_it: list[nn.Module] = []
        self._withheld: set[str] = set()
        self._modules: weakref.WeakValueDictionary[int, nn.Module] = weakref.WeakValueDictionary()
        self._module_numbers: weakref.WeakKeyDictionary[nn.Module, int] = weakref.WeakKeyDictionary()
        self.operations |= {
            "call": lambda target, arguments, options: self._mine(target)(*arguments, **options),
            "iterate": lambda target: iter(self._mine(target)),
            "following": self._following,
            "length": lambda target: len(self._mine(target)),
            "item": lambda target, index: self._mine(target)[index],
            "get": self._get,
        }

    def ask(self, operation: str, *arguments: Any) -> Any:
        """As `Peer.ask`. Raises `PeerGoneError` outside test cells."""
        if not self.served:
            raise PeerGoneError("an answer can be used in test cells only, not in a given cell")
        try:
            return super().ask(operation, *arguments)
        except AttributeError as error:
            if str(error) not in self._withheld:
                raise
            raise CannotCrossError(str(error)) from None

    def ask_of(self, proxy: Proxy, operation: str, arguments: tuple) -> Any:
        """Ask something of an object of the answer; the modules that it holds go along."""
        self._held_by_it = proxy._proxy_held
        return self.ask(operation, proxy, *arguments)

    def given_class(self, names: tuple[str, ...]) -> type | None:
        """The first of these classes that is one of the notebook's own: of a given cell, or of the test itself."""
        for name in names:
            module, _, last = name.rpartition(".")
            found = self.namespace.get(last) if module == "__main__" else None
            if issubclass(type(found), type) and found.__module__ == module:
                return found
        return None

    def sent_names(self, wanted: Collection[str]) -> dict[str, Any] | None:
        """As `names`, where the answer's side sends them without being asked; None where one of them cannot cross."""
        try:
            found = self._wait(UNASKED, [])[0]
        except CannotCrossError:
            return None
        return None if isinstance(found, Refused | Raised) else self._checked(found, wanted)

    def names(self, wanted: Collection[str]) -> dict[str, Any]:
        """The values of those names that the answer has."""
        return self._checked(self.ask("names", list(wanted)), wanted)

    def use(self, found: dict[str, Any]) -> None:
        """These are the answer's names that the test cell uses."""
        proxies = [value for value in found.values() if type(value) is Proxy and value._proxy_kind == "class"]
        self.classes = frozenset(proxy._proxy_names[0] for proxy in proxies)

    def _checked(self, found: Any, wanted: Collection[str]) -> dict[str, Any]:
        if type(found) is not dict or not found.keys() <= set(wanted):
            raise WireError("names that were not asked for")
        self.use(found)
        return found

    def may_operate(self, proxy: Proxy) -> bool:
        """Whether it says that it is of a class that the test cell uses by name, and is no module."""
        return proxy._proxy_kind == "object" and not self.classes.isdisjoint(proxy._proxy_names)

    def done(self) -> None:
        """Let the answer's process go on with other things; it shows where the error was that the test ended with."""
        error, told = getattr(sys, "last_value", None), []
        sys.last_value = None
        while isinstance(error, BaseException) and len(told) < LONGEST_CHAIN:
            told.append((type(error).__name__, str(error)[:MAX_TEXT]))
            error = error.__cause__ or error.__context__
        self.tell("done", told)

    def close(self) -> None:
        """End the connection."""
        self.connection.close()

    # Values.

    def refer(self, encoder: Encoder, value: Any, depth: int) -> list:
        """Proxies as what they stand for, torch's modules by value, things of libraries by name, the rest by handle."""
        if type(value) is Proxy:
            if value._proxy_tester is not self:
                raise WireError("an object of another answer")
            return ["mine", value._proxy_handle]
        if type(value) is nn.Parameter:
            return self.refer_parameter(encoder, value, depth)
        if is_described(value, self.namespace):
            handle = self.objects.put(value)  # where the answer's side has not all of its classes
            return ["module", encoder.encode(describe(value, self._number, self.namespace), depth), handle]
        if isinstance(value, torch.Tensor):
            raise WireError(f"a tensor of class {type(value).__name__}")
        if is_record(type(value)):
            self._records[type(value).__name__] = type(value)
        named = _library_name(value)
        if named is not None:
            return ["lib", *named]
        if isinstance(value, type | types.ModuleType | types.FrameType | types.TracebackType):
            raise WireError(f"a {type(value).__name__} ({value!r})")
        return ["r", self.objects.put(value), getattr(value, "__name__", type(value).__name__)]

    def _number(self, module: nn.Module) -> int:
        number = self._module_numbers.setdefault(module, len(self._module_numbers) + 1)
        while self._modules.setdefault(number, module) is not module:  # that one died and its number was free
            number = self._module_numbers[module] = number + 1
        return number

    def resolve(self, decoder: Decoder, tree: list, depth: int) -> Any:
        """Handles become proxies, parameters copies of the answer's, and the test's own things themselves."""
        tag = tree[0]
        if tag == "r":
            return self._proxy(decoder, tree, depth)
        if tag == "mine":
            return self.objects.get(tree[1])
        if tag == "dc" and type(tree[1]) is list and tree[1][0] == "r":
            return self._proxy(decoder, tree[1], depth)
        if tag == "p":
            return self._receive_parameter(decoder, tree, depth)
        raise WireError("what came is no value that may come from an answer")

    def record(self, name: str) -> type | None:
        """Also one that this side has sent, whatever the test calls it."""
        return super().record(name) or self._records.get(name)

    def label(self, value: Any) -> str:
        """The name of a function or class of the answer."""
        return value._proxy_shown if type(value) is Proxy else "the answer"

    def _proxy(self, decoder: Decoder, tree: list, depth: int) -> Any:
        _, handle, kind, names, label = tree
        names = decoder.decode(names, depth)
        if (
            type(handle) is not int
            or kind not in ("class", "module", "object")
            or type(names) is not tuple
            or not names
        ):
            raise WireError("no reference")
        if not all(type(name) is str and len(name) < 500 for name in (*names, label)):
            raise WireError("no reference")
        if kind == "class" and "builtins.BaseException" in names:
            return resolve_class(names)
        return self.proxies.get(handle, kind, names, label)

    def _receive_parameter(self, decoder: Decoder, tree: list, depth: int) -> nn.Parameter:
        _, name, content = tree
        known = self.parameters.get(decoder.plain(name, str))
        if known is not None:
            self._held.append(known)
            return known
        data, grad, needs = decoder.decode(content, depth)
        parameter = nn.Parameter(decoder.plain(data, torch.Tensor).detach(), requires_grad=needs is True)
        parameter.grad = grad if type(grad) is torch.Tensor else None
        self.parameters.add(parameter, name)
        self._held.append(parameter)  # what the test writes to it goes with the next message, at the latest
        return parameter

    # Around a call.

    def surroundings(self) -> dict[str, Any]:
        """Everything that governs the call here."""
        held, self._held_by_it = self._held_by_it, []
        return self._around.take() | {"held": held}

    def states(self) -> dict[str, Any]:
        """Those of the global generators."""
        return {"generators": self._generators.changed()}

    def unsent(self) -> None:
        """Tell everything anew."""
        self._around, self._generators = Surroundings(), Generators()

    @contextlib.contextmanager
    def surrounded(self, surroundings: dict[str, Any], seen: dict[str, Any]) -> Iterator[None]:
        """A callback runs in the gradient mode of its caller, and what is refused to the answer is refused to it."""
        with torch.set_grad_enabled(surroundings["grad"] is True), guard.enforced():
            yield

    def follows(self, parameter: nn.Parameter) -> bool:
        """Of the test's own parameters those that have crossed."""
        return self.parameters.name_of(parameter) is not None

    def after(self, seen: dict[str, Any]) -> None:
        """Add the operators that were counted there, and raise what was refused. No number takes any back."""
        count = seen.get("operators", 0)
        for counter in guard.in_force()[1]:
            counter.count += count if type(count) is int and count > 0 else 0
            counter.check()
        if type(seen.get("refused")) is str and guard.in_force()[0]:
            guard.refused_elsewhere(seen["refused"][:MAX_TEXT])

    def freed(self) -> Any:
        """Proxies and parameters that are gone here."""
        if not self.proxies.gone and not self.parameters.gone:
            return None
        handles, self.proxies.gone[:] = list(self.proxies.gone), []
        names, self.parameters.gone[:] = list(self.parameters.gone), []
        return handles, names

    def take_watched(self, changes: list) -> None:
        """What a call did to the test's modules."""
        for number, entries in changes:
            module = self._modules.get(number)
            if module is not None:
                put_state(module, entries)

    # Operations: only on what the test itself handed over.

    def _mine(self, target: Any) -> Any:
        if not self.objects.holds(target):
            raise WireError("what was asked of is no object of the test")
        return target

    def _following(self, iterator: Any) -> tuple[list, bool]:
        for value in self._mine(iterator):
            return [value], True
        return [], False

    def _get(self, target: Any, name: str) -> Any:
        allowed = {name for kind, names in _METHODS if isinstance(self._mine(target), kind) for name in names}
        if type(name) is not str or name not in allowed:
            why = f"the test's {type(target).__name__} cannot be handed to an answer, which asks for its"
            why = f"{why} {plain_name(name)!r}: give plain values, tensors, functions or modules of given classes"
            self._withheld.add(why)
            raise AttributeError(why)
        return getattr(target, name)


def _library_name(value: Any) -> tuple[str, str] | None:
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not callable(value) or type(module) is not str or type(name) is not str:
        return None
    if module.partition(".")[0] not in _LIBRARIES or "<" in name:
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return (module, name) if found is value else None
