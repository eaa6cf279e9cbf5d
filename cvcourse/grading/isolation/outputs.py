"""Outputs of one run: built from what the kernel sends, trusted in nothing, checked against the notebook schema."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode

from cvcourse.grading.isolation.wire import WireError

Status = Literal["ok", "error", "timeout", "died", "output limit", "memory"]
GONE: tuple[Status, ...] = ("timeout", "died", "output limit", "memory")
"""After one of these there is no kernel any more."""

MOST_OUTPUTS = 1000
MOST_OPERATIONS = 100_000
MOST_REJECTED = 100
DEEPEST = 24
OPERATION_SIZE = 16  # what an operation counts beside its text, so that empty ones have an end too
CUT = "\n[the rest of this cell's output was left out: it is too long]\n"


@dataclass
class Outputs:
    """What one run came to. Everything but `status` in `GONE`, `reason` and the seconds is the kernel's own word."""

    status: Status
    outputs: list[NotebookNode] = field(default_factory=list)
    """nbformat outputs. A later `update_display` of the same kernel changes them in place, as a notebook would."""
    execution_count: int | None = None
    value: Any = None
    """What a called handler returned: JSON."""
    ename: str = ""
    evalue: str = ""
    reason: str = ""
    """One sentence on why the kernel is gone; empty otherwise."""
    cpu_seconds: float = 0.0
    """CPU time of the kernel's whole tree during the run, as Linux counted it."""
    wall_seconds: float = 0.0
    truncated: bool = False
    """Whether outputs were dropped because there were too many."""
    rejected: int = 0
    """How many outputs did not fit the notebook schema and were left out."""
    size: int = 0
    """About the characters that were kept during the run, also in outputs of earlier runs that it updated."""

    @property
    def text(self) -> str:
        """All that was printed to stdout."""
        return "".join(one.text for one in self.outputs if one.output_type == "stream" and one.name == "stdout")


Displays = dict[str, dict[int, NotebookNode]]
"""The outputs of a kernel that can be updated, by display id; a second key tells those of one id apart."""


class OutputBuilder:
    """Makes nbformat outputs of a kernel's operations (see `inside/capture.py`), at most `limit` characters of them."""

    def __init__(self, limit: int, displays: "Displays") -> None:
        self.outputs: list[NotebookNode] = []
        self.truncated = False
        self.rejected = 0
        self._limit, self._displays = limit, displays
        self._kept = self._elsewhere = self._operations = 0
        self._identities: dict[int, str] = {}  # of the outputs of this run that can be updated
        self._clear_next = False
        self._pieces: list[str] = []  # of the last output, a stream that still grows

    def add(self, operations: object) -> None:
        """Apply a batch. Raises `WireError` where it is no list of lists, or one too many."""
        if not isinstance(operations, list):
            raise WireError("operations must be a list")
        self._operations += len(operations)
        if self._operations > MOST_OPERATIONS:
            raise WireError(f"more than {MOST_OPERATIONS} outputs in one run")
        for operation in operations:
            if not (isinstance(operation, list) and operation and isinstance(operation[0], str)):
                raise WireError("an operation must be a list that begins with its name")
            self._apply(operation[0], operation[1:])

    def stream(self, name: str, text: str) -> None:
        """Add text to a stream."""
        self._apply("stream", [name, text])

    @property
    def size(self) -> int:
        """About the characters that are kept."""
        return self._kept

    def finish(self) -> list[NotebookNode]:
        """The outputs."""
        self._settle()
        return self.outputs

    def cut(self) -> None:
        """Note that something was dropped; from here on everything is, until the outputs are cleared."""
        if not self.truncated:
            self._settle()
            self.truncated = True
            self.outputs.append(_output("stream", name="stderr", text=CUT))

    def _apply(self, name: str, arguments: list) -> None:
        actions = {
            "stream": self._stream,
            "display": self._display,
            "update": self._update,
            "result": self._result,
            "error": self._error,
            "clear": self._clear,
            "cut": self.cut,
        }
        if self.truncated and name != "clear":
            return
        try:
            actions[name](*arguments)
        except (KeyError, TypeError, ValueError, AttributeError):  # unknown, too few or wrong parts, not in the schema
            self.rejected += 1
            if self.rejected > MOST_REJECTED:
                self.cut()

    def _stream(self, name: str, text: str) -> None:
        if name not in ("stdout", "stderr"):
            raise ValueError(name)
        text = clean(_string(text))
        grows = self._pieces and not self._clear_next and self.outputs[-1].name == name
        if grows and self._room(len(text)):
            self._pieces.append(text)
        elif not grows and self._append(_output("stream", name=name, text=""), len(text)):
            self._pieces = [text]

    def _settle(self) -> None:
        """Write the pieces of a growing stream into its output, once: adding to a long text copies it each time."""
        if self._pieces:
            self.outputs[-1].text = "".join(self._pieces)
            self._pieces = []

    def _display(self, data: dict, metadata: dict, identity: object) -> None:
        output = _output("display_data", data=clean(data), metadata=clean(metadata))
        if self._append(output, _size(data) + _size(metadata)) and isinstance(identity, str):
            self._displays.setdefault(identity, {})[id(output)] = output
            self._identities[id(output)] = identity

    def _update(self, data: dict, metadata: dict, identity: object) -> None:
        if not isinstance(identity, str):
            raise ValueError("an update needs a display id")
        changed = _output("display_data", data=clean(data), metadata=clean(metadata))
        check(changed)
        shown = list(self._displays.get(identity, {}).values())
        size = (_size(data) + _size(metadata)) * max(1, len(shown))  # each of them holds it in the file
        if self._room(size):
            self._elsewhere += size
            for output in shown:
                output.data, output.metadata = changed.data, changed.metadata

    def _result(self, data: dict, metadata: dict, number: object) -> None:
        count = number if type(number) is int and 0 <= number < 1 << 31 else None
        output = _output("execute_result", data=clean(data), metadata=clean(metadata), execution_count=count)
        self._append(output, _size(data) + _size(metadata))

    def _error(self, name: str, text: str, traceback: list) -> None:
        if not isinstance(traceback, list):
            raise ValueError("a traceback must be a list of lines")
        lines = [clean(_string(line)) for line in traceback]
        output = _output("error", ename=clean(_string(name)), evalue=clean(_string(text)), traceback=lines)
        self._append(output, len(name) + len(text) + sum(map(len, lines)))

    def _clear(self, wait: bool) -> None:
        self._clear_next = True
        if not wait:
            self._clear_now()

    def _clear_now(self) -> None:
        self._settle()
        for number, identity in self._identities.items():
            self._displays.get(identity, {}).pop(number, None)
        self._identities.clear()
        self.outputs.clear()
        # What updates have put into outputs of earlier runs is still there.
        self._kept, self._clear_next, self.truncated = self._elsewhere, False, False

    def _append(self, output: NotebookNode, size: int) -> bool:
        check(output)
        if self._clear_next:
            self._clear_now()
        if not self._room(size):
            return False
        self._settle()
        self.outputs.append(output)
        return True

    def _room(self, size: int) -> bool:
        size += OPERATION_SIZE
        if self._kept + size > self._limit or len(self.outputs) >= MOST_OUTPUTS:
            self.cut()
            return False
        self._kept += size
        return True


def _output(kind: str, **parts: Any) -> NotebookNode:
    """nbformat's `new_output` without its own check, which takes ten times as long as `check`."""
    return nbformat.from_dict({"output_type": kind, **parts})


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"text expected, not {type(value).__name__}")
    return value


def _size(value: object) -> int:
    """About the characters that `value` takes in a notebook."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(key) + _size(part) for key, part in value.items())
    if isinstance(value, list):
        return sum(map(_size, value))
    return 8


def clean(value: Any, depth: int = 0) -> Any:
    """`value`, plain JSON, without what no file can hold (lone surrogates). Raises `ValueError` if it is too deep."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {clean(key): clean(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list):
        return [clean(part, depth + 1) for part in value]
    return value


@cache
def _validator():
    """nbformat's validator, with the schema compiled once where fastjsonschema is there."""
    from nbformat.validator import get_validator

    return get_validator(4, 5)


def check(output: NotebookNode) -> None:
    """Raise `ValueError` unless `output` fits the notebook schema."""
    validator = _validator()
    if any(validator.iter_errors(_cell_with(output))):
        raise ValueError("not in the notebook schema")


def _cell_with(output: NotebookNode) -> NotebookNode:
    """The smallest notebook around an output."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "", "execution_count": None, "outputs": [output]}
    return nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})
