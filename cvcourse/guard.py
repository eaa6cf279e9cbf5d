"""Refuse the reference: while a block runs, the library's own answer to an exercise raises `RefusedError`.

The refusal looks at what runs, not at text. Three nets hang behind each other: a `TorchFunctionMode` sees the Python
functions of torch (also those that decompose, such as `F.pad(mode="circular")`), a `TorchDispatchMode` sees the
operators below them, whichever way they are reached and in every thread, and the listed Python functions of other
libraries have their code exchanged, so that a name bound long before meets the refusal too. All is put back at the end
of the block.
"""

import fnmatch
import functools
import importlib.abc
import itertools
import operator
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from cvcourse import guard_routes
from cvcourse.checks import CheckError

__all__ = [
    "AUTOGRAD",
    "CONVOLUTIONS",
    "Refusal",
    "RefusedError",
    "TooManyOperatorsError",
    "count_operators",
    "enforced",
    "forbid",
    "in_force",
    "lasting",
    "noting",
]


class RefusedError(CheckError):
    """The student's function called what the exercise asks it to replace."""


class TooManyOperatorsError(CheckError):
    """More operators were run than the exercise allows."""


@dataclass(frozen=True)
class Refusal:
    """What an exercise refuses. Patterns are those of `fnmatch`; an entry that a library lacks is passed over.

    Attributes:
        functions: dotted names, the last part a pattern, such as `torch.nn.grad.*`; `scipy.signal.**` is all that is
            public in those modules of a package that are loaded.
        operators: names of operators, such as `aten::conv2d`.
        packages: packages from which nothing may be imported during the block.
        instead: what is allowed, in words.
        engine: whether operators that the autograd engine runs are refused.
    """

    functions: tuple[str, ...]
    operators: tuple[str, ...]
    packages: tuple[str, ...]
    instead: str
    engine: bool = False


_TORCH_NAMES = ("*conv[123]d*", "conv_*", "convolution*", "*_conv_*", "*convolution", "*pool[123]d*")
_TORCH_NAMES += ("pad", "*_pad_*", "*_pad[123]d", "constant_pad_nd", "fold", "unfold", "im2col", "col2im")
_TORCH_NAMES += ("interpolate", "upsample*", "_upsample*")

# The reference of unit 01, exercises 1 to 8.
CONVOLUTIONS = Refusal(
    functions=(
        *(f"{module}.{name}" for module in ("torch", "torch.nn.functional", "torch._C._nn") for name in _TORCH_NAMES),
        "torch.nn.grad.*",
        "numpy.pad",
        "numpy.convolve",
        "numpy.correlate",
        # What those call, in C. A name bound before the first block keeps the original.
        *(f"numpy._core.{module}.correlate*" for module in ("multiarray", "_multiarray_umath")),
        "scipy.signal._sigtools.*",
        "scipy.ndimage._nd_image.*",
        *(f"scipy.{name}.**" for name in ("signal", "ndimage", "sparse", "linalg", "fft", "fftpack")),
        "skimage.util.view_as_*",
        "skimage.measure.block_reduce",
        "skimage.filters.*",
        "skimage.transform.*",
        "torchvision.ops.*",
    ),
    operators=(
        "*conv[123]d*",
        "*convolution*",
        "*conv_transpose*",
        "*conv_depthwise*",
        "*conv_tbc*",
        "*slow_conv*",
        "*pool[123]d*",
        "*::im2col*",
        "*::col2im*",
        "*::pad",
        "*::_pad_enum",
        "*::_pad_circular",
        "*::constant_pad_nd",
        "*::reflection_pad*",
        "*::replication_pad*",
        "*::*upsample*",
        "torchvision::*",
    ),
    packages=("scipy", "skimage", "torchvision.ops"),
    instead="write it with slices, Tensor.unfold, as_strided, einsum, matmul, torch.fft, index arithmetic or loops",
)

# torch.func.vmap is the same object as torch.vmap and differentiates nothing: it stays allowed.
AUTOGRAD = Refusal(
    functions=(
        "torch.autograd.grad",
        "torch.autograd.backward",
        "torch.autograd.functional.*",
        "torch.Tensor.backward",
        "torch.autograd.forward_ad.*",
        "torch.autograd.graph._engine_run_backward",
        *(f"torch.func.{name}" for name in ("grad*", "vjp", "jvp", "jac*", "hessian", "linearize")),
    ),
    operators=(),
    packages=(),
    instead="write the gradient down by hand",
    engine=True,
)


@contextmanager
def forbid(*refusals: Refusal) -> Iterator[None]:
    """Refuse the listed functions and operators while the block runs. `torch.fft` may use what it needs inside.

    Raises:
        RefusedError: one of them was called, also where the called code caught the error.
    """
    watch = _Watch(refusals)
    _watches.append(watch)
    try:
        if _noting:
            yield
        else:
            with watch.enforced():
                yield
    finally:
        _watches.remove(watch)
    if watch.met is not None:
        raise watch.met


@contextmanager
def noting() -> Iterator[None]:
    """Blocks of `forbid` are noted but refuse nothing: for a process in which no answer runs, as a grader's tests have.

    The refusals take place elsewhere, see `in_force`; what still has to refuse here is put into `enforced`.
    """
    _noting.append(True)
    try:
        yield
    finally:
        _noting.pop()


@contextmanager
def enforced() -> Iterator[None]:
    """What the open blocks of `forbid` refuse is refused in this block, also within `noting`."""
    with ExitStack() as stack:
        for watch in _watches if _noting else ():
            stack.enter_context(watch.enforced())
        yield


@contextmanager
def count_operators(limit: int | None = None) -> Iterator["OperatorCount"]:
    """Count the ATen operators that are dispatched in the block, views and copies included.

    Raises:
        TooManyOperatorsError: as soon as more than `limit` were dispatched.
    """
    counter = OperatorCount(limit)
    _counters.append(counter)
    try:
        with counter:
            yield counter
    finally:
        _counters.remove(counter)
    counter.check()


def in_force() -> tuple[tuple[Refusal, ...], tuple["OperatorCount", ...]]:
    """The refusals and the operator counts of all open blocks: what a grader has to repeat in a second process."""
    return tuple(refusal for watch in _watches for refusal in watch.refusals), tuple(_counters)


def refused_elsewhere(message: str) -> None:
    """Take over a refusal that happened in another process: the open blocks raise it at their ends too.

    Raises:
        RefusedError: always, with that message.
    """
    error = RefusedError(message)
    for watch in _watches:
        watch.met = error
    raise error


class _PlainDispatchMode(TorchDispatchMode):
    """A dispatch mode without torch's wrapper around it, which at its first use imports the compiler (seconds)."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


class OperatorCount(_PlainDispatchMode):
    """The number of operators dispatched so far, in `count`."""

    def __init__(self, limit: int | None) -> None:
        super().__init__()
        self.limit = limit
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.add(1)
        return func(*args, **(kwargs or {}))

    def add(self, count: int) -> None:
        """Count operators, also those that ran elsewhere."""
        self.count += count
        self.check()

    def check(self) -> None:
        """Raise where the limit is passed, also when an earlier error was caught on its way."""
        if self.limit is not None and self.count > self.limit:
            raise TooManyOperatorsError(
                f"more than {self.limit:,} operators were run\n"
                f"  hint      a Python loop over single values is too slow here: let one operator handle many at once"
            )


# What lives as long as its library.
_LASTING_KINDS = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, torch._ops.OpOverload)


@dataclass(frozen=True)
class _Table:
    """What several refusals say together.

    `of_torch` are the names of torch's own functions among them, by identity. `harmless` are functions and operators
    that were found to be none of it, by identity, and kept, so that no other takes their places in memory: to look at
    one anew takes longer than most operators on small tensors.
    """

    functions: tuple[str, ...]
    operators: tuple[str, ...]
    packages: tuple[str, ...]
    engine: bool
    of_torch: dict[int, str]
    harmless: dict[int, Any] = field(default_factory=dict)

    def pass_over(self, func: Any) -> None:
        """It is harmless."""
        if isinstance(func, _LASTING_KINDS):
            self.harmless[id(func)] = func

    def refused(self, operator: Any) -> str | None:
        """The name of an operator, itself given or by its name, where it is refused."""
        name = operator if isinstance(operator, str) else _operator_name(operator)
        return name if any(fnmatch.fnmatchcase(name, pattern) for pattern in self.operators) else None


@functools.lru_cache(maxsize=32)
def _table(refusals: tuple[Refusal, ...]) -> _Table:
    def together(part: str) -> tuple[str, ...]:
        return tuple(entry for refusal in refusals for entry in getattr(refusal, part))

    engine, functions = any(refusal.engine for refusal in refusals), together("functions")
    return _Table(functions, together("operators"), together("packages"), engine, _torch_functions(functions))


class _Watch:
    """What one block refuses, what it has met, and how to put everything back."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        self.refusals, self.table = refusals, _table(refusals)
        self.met: RefusedError | None = None
        self.exchange: _Exchange | None = None

    def refuse(self, name: str) -> None:
        instead = "; ".join(refusal.instead for refusal in self.refusals)
        self.met = RefusedError(f"{name} is the reference of this exercise, not an answer to it\n  hint      {instead}")
        raise self.met

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Exchange the code of the listed Python functions, stop imports of their packages, look at torch's calls."""
        finder = _Finder(self)
        sys.meta_path.insert(0, finder)
        self.exchange = _stand_ins(self.table.functions)
        self.exchange.use()
        _enforcing.append(self)
        # Within a backward pass nothing is harmless.
        functions = _Functions([self], {} if self.table.engine else self.table.harmless)
        try:
            with functions, _Dispatched(functions):
                yield
        finally:
            _enforcing.remove(self)
            self.exchange.put_back()
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)


_OPERATORS = (torch._ops.OpOverload, torch._ops.OpOverloadPacket)
_watches: list[_Watch] = []
_enforcing: list[_Watch] = []
_noting: list[bool] = []
_counters: list[OperatorCount] = []


class _Functions(TorchFunctionMode):
    """Refuses Python functions of torch, and operators that decompose before dispatch, for the watches in a list.

    `harmless` are functions and operators that all of these watches let pass, as far as that is known.
    """

    def __init__(self, watches: list[_Watch], harmless: dict[int, Any]) -> None:
        super().__init__()
        self.watches, self.harmless = watches, harmless
        self.exempt = False  # inside torch.fft

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if self.harmless.get(id(func)) is func:
            return func(*args, **(kwargs or {}))
        fourier = id(func) in _fourier()
        for watch in self.watches:
            self.look(watch, func, fourier)
        # A tensor of another class has code of its own.
        if self.exempt or not fourier or not _PLAIN.issuperset(types):
            return func(*args, **(kwargs or {}))
        self.exempt = True
        try:
            return func(*args, **(kwargs or {}))
        finally:
            self.exempt = False

    @staticmethod
    def look(watch: _Watch, func: Any, fourier: bool) -> None:
        """Refuse what is refused."""
        name = watch.table.of_torch.get(id(func))
        if name is None and isinstance(func, _OPERATORS):
            name = watch.table.refused(func)
        if name is not None:
            watch.refuse(name)
        if not fourier:
            watch.table.pass_over(func)


_PLAIN = frozenset({torch.Tensor, torch.nn.Parameter})


class _Dispatched(_PlainDispatchMode):
    """Refuses operators, whichever way they are reached, for the same watches."""

    def __init__(self, functions: _Functions) -> None:
        super().__init__()
        self.functions, self.harmless = functions, functions.harmless

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if self.harmless.get(id(func)) is not func:
            for watch in self.functions.watches:
                self.look(watch, func)
        return func(*args, **(kwargs or {}))

    def look(self, watch: _Watch, func: Any) -> None:
        """Refuse what is refused."""
        table = watch.table
        if table.engine and torch._C._current_graph_task_id() != -1:  # a backward pass, however it was begun
            watch.refuse("the autograd engine")
        if table.harmless.get(id(func)) is not func:
            name = table.refused(func)
            if name is None:
                table.pass_over(func)
            elif not self.functions.exempt:
                watch.refuse(name)


class _Counted(_PlainDispatchMode):
    """Counts for all open blocks of `count_operators`."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        for counter in tuple(_counters):
            counter.add(1)
        return func(*args, **(kwargs or {}))


@contextmanager
def _in_another_thread() -> Iterator[None]:
    """A thread may begin long before a block does and be given its work there: what holds is looked up each time."""
    functions = _Functions(_enforcing, {})
    with functions, _Dispatched(functions), _Counted():
        yield


def _before_script(operators: Callable[[], frozenset[str]]) -> None:
    """Of what a script runs only that reaches a mode which does not decompose before dispatch."""
    for watch in _enforcing:
        for name in operators():
            if watch.table.refused(name):
                watch.refuse(name)


class _Finder(importlib.abc.MetaPathFinder):
    """Refuses to load what is not loaded yet from a refused package. What is loaded is patched instead."""

    def __init__(self, watch: _Watch) -> None:
        self.watch = watch
        self.packages = watch.table.packages

    def find_spec(self, fullname, path=None, target=None):
        if any(fullname == package or fullname.startswith(f"{package}.") for package in self.packages):
            self.watch.refuse(fullname)


class _StandIn:
    """The exchange of one Python function's code for code that refuses, and back."""

    def __init__(self, name: str, function: types.FunctionType) -> None:
        self.name, self.function, self.code = name, function, function.__code__
        self.copy = types.FunctionType(
            self.code, function.__globals__, function.__name__, function.__defaults__, function.__closure__
        )
        self.copy.__kwdefaults__ = function.__kwdefaults__
        self.refusing = _refusing_code(id(function), self.code.co_freevars)
        self.users = 0  # open blocks that refuse it


_by_id: dict[int, _StandIn] = {}


class _Exchange:
    """The Python functions that one set of patterns means: some hundred, exchanged and put back together."""

    def __init__(self, stand_ins: list[_StandIn]) -> None:
        self.stand_ins, self.keys = stand_ins, frozenset(id(one.function) for one in stand_ins)
        self.kept = 0  # how often it stays in use although its block is over

    def use(self) -> None:
        if self.kept:
            self.kept -= 1
            return
        for stand_in in self.stand_ins:
            stand_in.users += 1
            stand_in.function.__code__ = stand_in.refusing

    def put_back(self) -> None:
        if _lasting:
            self.kept += 1
            _lasting[-1].add(self)
        else:
            self.undo()

    def undo(self) -> None:
        for stand_in in self.stand_ins:
            stand_in.users -= 1
            if not stand_in.users:
                stand_in.function.__code__ = stand_in.code


_lasting: list[set[_Exchange]] = []


@contextmanager
def lasting() -> Iterator[None]:
    """Functions that a block of `forbid` exchanges stay exchanged, without refusing, until the end of this block.

    For a process in which hundreds of short blocks follow each other: to exchange all functions takes longer than most
    of what runs between.
    """
    _lasting.append(set())
    try:
        yield
    finally:
        for exchange in _lasting.pop():
            times, exchange.kept = exchange.kept, 0
            for _ in range(times):
                exchange.put_back()


def _meet(key: int, args: tuple, kwargs: dict) -> Any:
    """What an exchanged function does: refuse, but let a library go on using its own functions."""
    stand_in = _by_id[key]
    watch = next((one for one in reversed(_watches) if one.exchange is not None and key in one.exchange.keys), None)
    if watch is not None and not _is_own_use(stand_in, sys._getframe(2)):
        watch.refuse(stand_in.name)
    return stand_in.copy(*args, **kwargs)


def _is_own_use(stand_in: _StandIn, caller: types.FrameType) -> bool:
    """Whether a library's code calls its function by name; one that it was given, as `np.vectorize`, is not its own."""
    library = _package(caller.f_globals.get("__name__", "")) == _package(stand_in.name)
    return library and stand_in.function.__name__ in caller.f_code.co_names


def _refusing_code(key: int, free: tuple[str, ...]) -> types.CodeType:
    """Code for a function with the same free variables (Python asks for that) which calls `_meet`."""
    mentions = f"        if False: {', '.join(free)}\n" if free else ""
    bindings = "".join(f"    {name} = None\n" for name in free)
    text = (
        f"def outer():\n{bindings}    def stand_in(*args, **kwargs):\n{mentions}"
        f"        from cvcourse.guard import _meet\n        return _meet({key}, args, kwargs)\n    return stand_in\n"
    )
    namespace: dict[str, Any] = {}
    exec(compile(text, "<refused by cvcourse.guard>", "exec"), namespace)
    return namespace["outer"]().__code__


def _stand_ins(patterns: tuple[str, ...]) -> _Exchange:
    """The exchanges for the patterns' Python functions in those modules that are loaded now."""
    whole, modules = _modules_of(patterns)
    public = _public_modules(whole)
    return _find_stand_ins(patterns, tuple([module for module in modules if module in sys.modules]), public)


@functools.lru_cache(maxsize=32)
def _modules_of(patterns: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The packages that are meant as a whole, and all modules that are named."""
    whole = frozenset(pattern.removesuffix(".**") for pattern in patterns if pattern.endswith(".**"))
    return whole, tuple(sorted({pattern.rpartition(".")[0] for pattern in patterns}))


_seen_modules: dict[frozenset[str], tuple[tuple[str, ...], str, int]] = {}


def _public_modules(packages: frozenset[str]) -> tuple[str, ...]:
    """The loaded modules of the packages whose names have no underscore in front.

    Looked at are only those that were loaded since the last time: in a process cloned from a larger one every name that
    is looked at costs a page of memory.
    """
    found, last, count = _seen_modules.get(packages, ((), "", 0))
    new = list(itertools.takewhile(functools.partial(operator.is_not, last), reversed(sys.modules)))
    if len(sys.modules) != count + len(new):  # the first time, or some were taken away
        found, new = (), list(sys.modules)
    if new:
        starts = tuple(f"{package}." for package in packages)
        names = [name.split(".") for name in new if f"{name}.".startswith(starts)]
        public = [".".join(parts) for parts in names if not any(part.startswith("_") for part in parts)]
        found = tuple(sorted({*found, *public})) if public else found
        _seen_modules[packages] = found, next(reversed(sys.modules)), len(sys.modules)
    return found


@functools.lru_cache(maxsize=32)
def _find_stand_ins(patterns: tuple[str, ...], named: tuple[str, ...], public: tuple[str, ...]) -> _Exchange:
    """`named` and `public` are the loaded modules that the patterns name, and those of their whole packages."""
    found: dict[int, _StandIn] = {}
    loaded, patterns = (*named, *public), (*patterns, *(f"{module}.*" for module in public))
    packages = tuple(pattern.removesuffix("**") for pattern in patterns if pattern.endswith(".**"))
    whole = {module for module in loaded if f"{module}.".startswith(packages)}  # of these their own functions only
    for pattern in patterns:
        module, _, last = pattern.rpartition(".")
        if module not in loaded:
            continue
        owner = sys.modules[module]  # of a whole package what is there: asking for more may load it
        for name, value in list(vars(owner).items()) if module in whole else _members(owner, last):
            if isinstance(value, types.BuiltinFunctionType) and _package(module) != "torch":
                value = guard_routes.in_python(owner, name)
            function = _python_function(value)
            if function is None or (module in whole and _package(function.__module__) != _package(module)):
                continue
            key = id(function)
            if key not in _by_id:
                _by_id[key] = _StandIn(f"{module}.{name}", function)
            found[key] = _by_id[key]
    return _Exchange(list(found.values()))


def _package(name: str | None) -> str:
    return str(name).partition(".")[0]


def _python_function(value: Any) -> types.FunctionType | None:
    """The Python function behind a function, a dispatcher as numpy has them (all bindings share it), or a class."""
    if isinstance(value, type):
        value = value.__init__ if not issubclass(value, BaseException) else None
    function = value if isinstance(value, types.FunctionType) else getattr(value, "__wrapped__", None)
    return function if isinstance(function, types.FunctionType) else None


@functools.lru_cache(maxsize=32)
def _torch_functions(patterns: tuple[str, ...]) -> dict[int, str]:
    """Identity -> name of torch's own functions and methods that the patterns name."""
    names: dict[int, str] = {}
    for pattern in patterns:
        path, _, last = pattern.rpartition(".")
        if path.partition(".")[0] != "torch":
            continue
        owner: Any = functools.reduce(lambda value, part: getattr(value, part, None), path.split(".")[1:], torch)
        for name, value in _members(owner, last):
            if callable(value) and not isinstance(value, type):
                names[id(value)] = f"{path}.{name}".replace("torch._C._nn.", "torch.nn.functional.")
    return names


def _members(owner: Any, pattern: str) -> list[tuple[str, Any]]:
    names = [name for name in dir(owner) if fnmatch.fnmatchcase(name, pattern)] if owner is not None else []
    return [(name, vars(owner)[name] if name in vars(owner) else getattr(owner, name, None)) for name in names]


@functools.lru_cache(maxsize=1)
def _fourier() -> frozenset[int]:
    return frozenset(id(value) for value in vars(torch.fft).values() if callable(value))


def _operator_name(func: Any) -> str:
    if isinstance(func, torch._ops.OpOverloadPacket):
        return func._qualified_op_name
    return func.name().partition(".")[0]


guard_routes.surround_threads(_in_another_thread)
guard_routes.before_scripts(_before_script)
