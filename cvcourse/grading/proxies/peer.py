"""One end of the socket: it asks, and while it waits it answers what the other end asks.

A message is [kind, number, tree, tree]: an "ask" has an operation with its arguments and what goes along (surroundings,
changed parameters, what may be let go); a "tell" is one without a reply; an "ok" or "error" has the result and, beside
what goes along, what the call changed. Of what goes along only that is mentioned which is not as in
`USUAL`. Both ends are alike here; `tester` and `student` say what each of them takes and gives.
"""

import dataclasses
import itertools
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from cvcourse.grading.proxies import exceptions
from cvcourse.grading.proxies.changes import Snapshot, write_back
from cvcourse.grading.proxies.context import Undisturbed
from cvcourse.grading.proxies.decode import Decoder
from cvcourse.grading.proxies.encode import Encoder
from cvcourse.grading.proxies.errors import CannotCrossError, PeerGoneError, WireError
from cvcourse.grading.proxies.frames import FrameReader, check_frame, write_frame
from cvcourse.grading.proxies.gradients import Graphs
from cvcourse.grading.proxies.parameters import Parameters
from cvcourse.grading.proxies.side import Side
from cvcourse.grading.proxies.telling import argument_refused, call_name, find_part, result_refused

MAX_NESTED = 40
UNASKED = 0  # the number of the reply with which the answer's side begins each test: its names
USUAL: dict[str, Any] = {
    "parameters": [],
    "tapes": [],
    "freed": None,
    # of a question
    "grad": True,
    "inference": False,
    "dtype": torch.float32,
    "refusals": [],
    "told": [],
    "count": False,
    "limit": None,
    "generators": None,
    "held": [],
    # of a reply
    "seen": {},
    "tape": None,
    "watched": [],
}
"""What goes along with a message and is not mentioned in it."""


class Peer(Side):
    """An end. `operations` are what it answers, by name."""

    def __init__(self, connection: socket.socket, namespace: dict[str, Any]) -> None:
        self.connection, self.namespace = connection, namespace
        self._reader = FrameReader(connection)
        self.graphs = Graphs(self.ask, self.follows, lambda tensor: self._held.append(tensor))
        self.operations: dict[str, Callable] = {"differentiate": self.graphs.differentiate}
        self.parameters = Parameters(self.side[0], weak=self.side == "tester")
        self._numbers = itertools.count(1)
        # What came lately lives until its changes have gone out, also where the test keeps no name of it.
        self._held: list[Tensor] = []
        self._held_before: list[Tensor] = []
        self._nested = 0
        self._broken = ""

    def refer_parameter(self, encoder: Encoder, value: nn.Parameter, depth: int) -> list:
        """The tree of a parameter: its name where the other side has it, else its content with a new name."""
        name = self.parameters.name_of(value)
        if name is not None:
            return ["p", name, None]
        grad = None if value.grad is None else value.grad.detach()
        content = encoder.encode((value.detach(), grad, value.requires_grad), depth)
        return ["p", self.parameters.add(value), content]

    # Asking.

    def ask(self, operation: str, *arguments: Any) -> Any:
        """Ask the other side and wait. Raises what it raised, `WireError` or `PeerGoneError`."""
        if self._broken:
            raise PeerGoneError(self._broken)
        surroundings = self.surroundings()
        try:
            with Undisturbed():
                number, slots = self._question("ask", operation, arguments, surroundings)
        except (WireError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            self.unsent()
            raise argument_refused(self._call_name(operation, arguments), error) from None
        try:
            value, seen, joins = self._wait(number, slots)
        except CannotCrossError as error:
            raise result_refused(self._call_name(operation, arguments), "", str(error)) from None
        for join_now in joins:
            join_now()
        self.after(seen)
        if isinstance(value, Refused):
            raise result_refused(self._call_name(operation, arguments), value.path, value.why)
        if isinstance(value, Raised):
            raise value.error
        return value

    def tell(self, operation: str, *arguments: Any) -> None:
        """Let the other side do something, without waiting. `arguments` are plain values. Raises `PeerGoneError`."""
        if self._broken:
            raise PeerGoneError(self._broken)
        surroundings = self.surroundings()
        with Undisturbed():
            self._question("tell", operation, arguments, surroundings)

    def _question(
        self, kind: str, operation: str, arguments: tuple, surroundings: dict[str, Any]
    ) -> tuple[int, list[Any]]:
        encoder = Encoder(self.refer)
        called = encoder.encode((operation, *arguments))
        count = len(encoder.slots)
        along = encoder.encode(_unusual(self._along() | surroundings | self.states()))
        number = next(self._numbers)
        if surroundings["grad"]:
            self.graphs.note_inputs(number, encoder.slots[:count])
        self._write([kind, number, called, [count, along]], encoder)
        return number, encoder.slots[:count]

    def _call_name(self, operation: str, arguments: tuple) -> str:
        return call_name(operation, self.label(arguments[0]) if arguments else "", arguments[1:])

    def _wait(self, number: int, slots: list[Any]) -> tuple[Any, dict, list]:
        while True:
            tree, blobs = self._read()
            kind, of, first, second = tree
            if kind == "ask":
                with self.while_asking():
                    self.answer(of, first, second, blobs)
            elif kind in ("ok", "error", "refused") and of == number:
                with Undisturbed():
                    return self._result(kind, first, second, blobs, slots)
            else:
                self._break("an answer to nothing that was asked")

    def _result(self, kind: str, first: Any, second: Any, blobs: list, slots: list[Any]) -> tuple[Any, dict, list]:
        decoder = Decoder(blobs, self.resolve, slots, self.record)
        try:
            value, (along, changed) = decoder.decode(first), decoder.decode(second)
            along = USUAL | decoder.plain(along, dict)
            self._take(along)
            for slot, new in changed:
                write_back(slots[slot] if decoder.plain(slot, int) >= 0 else None, new)
            self.take_watched(along["watched"])
            if kind == "error":
                names, text, arguments = value
                value = Raised(exceptions.rebuild(names, text, arguments))
            elif kind == "refused":
                value = Refused(*[decoder.plain(part, str) for part in value])
            if type(along["seen"]) is not dict:
                raise WireError("what came is no reply")
            joins = self.graphs.joins(along["tape"], dict(decoder.joined)) if along["tape"] else []
        except (WireError, TypeError, ValueError, KeyError, IndexError, AttributeError, RuntimeError) as error:
            raise CannotCrossError(str(error)) from None
        return value, along["seen"], joins

    # Answering.

    def answer(self, number: int, called: Any, along: Any, blobs: list, *, reply: bool = True) -> None:
        """Do what was asked and reply, unless it was only told."""
        self._nested += 1
        try:
            if self._nested > MAX_NESTED:
                raise WireError("calls are nested too deeply")
            with Undisturbed():
                decoder = Decoder(blobs, self.resolve, None, self.record)
                operation, *arguments = decoder.decode(called)
                surroundings = USUAL | decoder.plain(decoder.decode(along[1]), dict)
                self._take(surroundings)
                self.graphs.mark_inputs(number, along[0], decoder.leaves, decoder.joined)
                received = decoder.slots[: along[0]]
                snapshot, before = Snapshot(received), self.watch()
            seen: dict[str, Any] = {}
            try:
                with self.surrounded(surroundings, seen):
                    kind, value = "ok", self.operations[operation](*arguments)
            except PeerGoneError:
                raise
            except BaseException as error:
                kind, value = "error", exceptions.describe(error)
                self.note(error)
            if not reply:
                return
            with Undisturbed():
                seen["watched"] = self.watched(before)
                self._reply(kind, number, value, snapshot, seen, surroundings["grad"])
        finally:
            self._nested -= 1

    def _reply(self, kind: str, number: int, value: Any, snapshot: Snapshot, seen: dict, grad: bool) -> None:
        try:
            encoder, trees = self._encode_reply(value, snapshot, seen, grad)
            check_frame(encoder.blobs, encoder.characters)
        except (WireError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            path, why = find_part(value, lambda part: Encoder(self.refer).encode(part))
            kind, described = "refused", (path, why or str(error))
            encoder, trees = self._encode_reply(described, Snapshot([]), seen, False)
        self._write([kind, number, *trees], encoder)

    def _encode_reply(self, value: Any, snapshot: Snapshot, seen: dict, grad: bool) -> tuple[Encoder, list]:
        own = {id(mine): slot for slot, mine in enumerate(snapshot.slots)}
        encoder = Encoder(self.refer, own)
        first = encoder.encode(value)
        results = [(slot, tensor) for slot, tensor in enumerate(encoder.slots) if _is_result(tensor)]
        watched = seen.pop("watched", [])
        tape = self.graphs.keep(results) if results and grad else None
        along = encoder.encode(_unusual(self._along() | {"seen": seen, "tape": tape, "watched": watched}))
        changed = []
        for slot in snapshot.changed():
            mine = snapshot.slots[slot]
            # What was sent before would otherwise go back as its number.
            encoder.own = {identity: other for identity, other in own.items() if identity != id(mine)}
            encoder.forget(mine)
            changed.append(["t", slot, encoder.encode(mine)])
        return encoder, [first, ["t", along, ["t", *changed]]]

    # What goes with every message.

    def _along(self) -> dict[str, Any]:
        changes = self.parameters.changes()
        self._held, self._held_before = [], self._held
        return {"parameters": changes, "tapes": self.graphs.let_go(), "freed": self.freed()}

    def _take(self, along: dict[str, Any]) -> None:
        self.parameters.apply(along["parameters"])
        for number in along["tapes"]:
            self.graphs.drop(number)
        if along["freed"] is not None:
            self.let_go(along["freed"])

    def record(self, name: str) -> type | None:
        """The dataclass or class of named tuples of this name that this side has."""
        kind = self.namespace.get(name)
        # Not isinstance: a proxy says that it is a class.
        return kind if issubclass(type(kind), type) and is_record(kind) else None

    def _write(self, tree: list, encoder: Encoder) -> None:
        try:
            write_frame(self.connection, tree, encoder.blobs)
        except PeerGoneError as error:
            self._break(str(error))

    def _read(self) -> tuple[Any, list]:
        try:
            tree, blobs = self._reader.read()
            if type(tree) is not list or len(tree) != 4 or type(tree[0]) is not str or type(tree[1]) is not int:
                raise WireError("what came is no message")
            return tree, blobs
        except (PeerGoneError, WireError, MemoryError) as error:
            self._break(str(error) or "what came does not fit into memory")
            raise

    def _break(self, why: str) -> None:
        """After a wrong or late message nothing that comes can be told apart any more."""
        self._broken = why
        self.connection.close()
        raise PeerGoneError(why)


class Refused(NamedTuple):
    """The other side's value could not cross: which part of it, and why."""

    path: str
    why: str


class Raised:
    """What the other side raised."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def is_record(kind: type) -> bool:
    """Whether its instances cross by value, as a name and named parts."""
    return dataclasses.is_dataclass(kind) or issubclass(kind, tuple)


def _is_result(value: Any) -> bool:
    return type(value) is Tensor and value.requires_grad and not value.is_leaf


def _unusual(along: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in along.items() if value != USUAL[name]}
