"""Which names of a test cell are the answer's: those it uses that neither the tester nor Python has."""

import builtins
import types
from collections.abc import Collection, Iterable
from typing import Any

from cvcourse.grading.proxies.cell_names import plain
from cvcourse.grading.proxies.tester import Tester


class StudentNames:
    """Fills the tester's namespace before each cell. The names are asked anew each time: the answer may change them."""

    def __init__(self, tester: Tester) -> None:
        self.tester = tester
        self._given: dict[str, Any] = {}

    def fill(self, source: str, own: Collection[str] = ()) -> None:
        """Put the names that `source` uses and the answer has into the namespace; take away what it has no more.

        A name that a given cell or an earlier test cell has bound is the tester's own and stays. `own` are the names
        that those cells bind: they are never asked of the answer, also where such a cell did not come to its end.
        """
        namespace = self.tester.namespace
        for name, value in self._given.items():
            if namespace.get(name) is value:
                del namespace[name]
        self._given = {}
        wanted = {name for name in _used(source, namespace) if name not in namespace and not hasattr(builtins, name)}
        wanted -= set(own)
        if not wanted:
            return
        self._given = self.tester.names(sorted(wanted))
        namespace.update(self._given)


def _used(source: str, namespace: dict[str, Any]) -> set[str]:
    """All names of a cell, and of the tester's own functions, which it may call."""
    code = compile(plain(source), "<test>", "exec")
    functions = [value.__code__ for value in namespace.values() if type(value) is types.FunctionType]
    found = set(_names_of(code))
    for function in functions:
        found |= set(_names_of(function))
    return found


def _names_of(code: types.CodeType) -> Iterable[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_of(constant)
