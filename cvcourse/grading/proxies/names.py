"""Which names of a test cell are the answer's: those it uses that neither the tester nor Python has."""

import builtins
import types
from collections.abc import Collection
from typing import Any

from cvcourse.grading.proxies.cell_names import names_of
from cvcourse.grading.proxies.tester import Tester


class StudentNames:
    """Fills the tester's namespace before each cell. The names are asked anew each time: the answer may change them."""

    def __init__(self, tester: Tester) -> None:
        self.tester = tester
        self._given: dict[str, Any] = {}

    def fill(self, used: Collection[str], own: Collection[str] = (), *, sent: bool = False) -> None:
        """Put the names that a cell uses and the answer has into the namespace; take away what it has no more.

        A name that a given cell or an earlier test cell has bound is the tester's own and stays. `own` are the names
        that those cells bind: they are never asked of the answer, also where such a cell did not come to its end.
        `used` is that of `cell_names.used_names`; what the tester's own functions use, which the cell may call, is
        found here. `sent` says that the answer's side sends the values of `used` without being asked.
        """
        namespace = self.tester.namespace
        for name, value in self._given.items():
            if namespace.get(name) is value:
                del namespace[name]
        self._given = {}
        functions = [value.__code__ for value in namespace.values() if type(value) is types.FunctionType]
        wanted = set(used).union(*map(names_of, functions)).difference(own, namespace, vars(builtins))
        there = self.tester.sent_names(used) if sent and used else None
        if there is not None:
            self._given = {name: value for name, value in there.items() if name in wanted}
            wanted = wanted.difference(used)
        if wanted:
            self._given |= self.tester.names(sorted(wanted))
        self.tester.use(self._given)
        namespace.update(self._given)
