"""What a test sees of an object of the answer: it can be called, read and operated on, and never judges itself."""

import functools
import inspect
import types
import weakref
from typing import Any

import torch
from torch import nn

from cvcourse.grading.proxies.errors import LengthError, VerdictError, WireError
from cvcourse.grading.proxies.exceptions import MAX_TEXT, describe_class
from cvcourse.grading.proxies.telling import plain_name

# Methods that every module has: asked for and called in one go.
METHODS = frozenset(
    {"parameters", "named_parameters", "modules", "named_modules", "children", "named_children", "buffers"}
)
METHODS |= {"named_buffers", "state_dict", "load_state_dict", "train", "eval", "zero_grad", "register_forward_hook"}
# What Python's own functions ask of a function or class and the other side may say.
ASKED = frozenset({"__name__", "__qualname__", "__dict__", "__annotations__"})
_OPERATORS = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
]
_UNARY = ("neg", "pos", "abs", "invert")
_VERDICTS = ("eq", "ne", "lt", "le", "gt", "ge", "contains", "bool", "int", "float", "index", "complex")
_LIBRARY = (nn.Module, torch.optim.Optimizer, torch.utils.data.Dataset, torch.utils.data.DataLoader)
_LIBRARY += (torch.utils.data.Sampler, torch.optim.lr_scheduler.LRScheduler)


# Methods that would let an object that poses as a tensor compare itself with what the test expects.
COMPARISONS = frozenset(
    {"allclose", "equal", "isclose", "eq", "ne", "not_equal", "lt", "less", "le", "gt", "ge", "dist"}
)
COMPARISONS |= {"sub", "sub_", "subtract", "subtract_", "rsub"}


def library_class(names: tuple[str, ...]) -> type | None:
    """The first of these classes that is one of torch's: modules, optimisers, data sets and what goes with them."""
    for name in names:
        module, _, last = name.rpartition(".")
        if module.startswith("torch.nn.modules."):
            found = getattr(nn, last, None)
            if issubclass(type(found), type) and issubclass(found, nn.Module) and found.__module__ == module:
                return found
        for kind in _LIBRARY:
            if name == f"{kind.__module__}.{kind.__qualname__}":
                return kind
    return None


class Proxy:
    """An object of the answer. `names` are those of its class and the class's bases, `label` that of a function."""

    def __init__(self, tester: Any, handle: int, kind: str, names: tuple[str, ...], label: str) -> None:
        shown = plain_name(label or names[0])
        for key, value in {"tester": tester, "handle": handle, "kind": kind, "names": names, "shown": shown}.items():
            object.__setattr__(self, f"_proxy_{key}", value)
        # Modules of the test that went to the call which made it: it may keep them, and change them later.
        object.__setattr__(self, "_proxy_held", [])

    @property
    def __class__(self) -> type:
        if self._proxy_kind == "class":
            return type
        if self._proxy_names[0] == "builtins.function":
            return types.FunctionType
        return library_class(self._proxy_names) or self._proxy_tester.given_class(self._proxy_names) or Proxy

    @property
    def __bases__(self) -> tuple[type, ...]:
        if self._proxy_kind != "class":
            raise AttributeError("__bases__")
        return (library_class(self._proxy_names) or object,)

    @property
    def __doc__(self) -> Any:
        return self._proxy_ask("get", "__doc__")

    @property
    def __signature__(self) -> inspect.Signature:
        described = self._proxy_ask("signature")
        if described is None:
            raise AttributeError("__signature__")
        return make_signature(described)

    def __getattr__(self, name: str) -> Any:
        # A deep copy or pickle would ask for these before there is anything to ask.
        # A notebook would ask for these to show a value, and show what the answer says.
        if name.startswith(("_proxy_", "_repr_", "_ipython_")) or (name.startswith("__") and name not in ASKED):
            raise AttributeError(name)
        if name in COMPARISONS:
            raise VerdictError(_why(self))
        if name == "named_modules" and self._proxy_kind == "module":
            return self._proxy_named_modules
        if name in METHODS and self._proxy_kind == "module":
            return functools.partial(self._proxy_invoke, name)
        return self._proxy_ask("get", name)

    def _proxy_named_modules(self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True) -> Any:
        # A module of the test that has this one as a part asks with the set of the modules that it has met.
        memo = set() if memo is None else memo
        for name, module in self._proxy_invoke("named_modules", remove_duplicate=remove_duplicate):
            if not remove_duplicate or module not in memo:
                memo.add(module)
                yield ".".join(part for part in (prefix, name) if part), module

    def _proxy_invoke(self, name: str, /, *arguments: Any, **options: Any) -> Any:
        return self._proxy_ask("invoke", name, arguments, options)

    def _proxy_ask(self, operation: str, *arguments: Any) -> Any:
        return self._proxy_tester.ask_of(self, operation, arguments)

    def __setattr__(self, name: str, value: Any) -> None:
        self._proxy_ask("set", name, value)

    def __delattr__(self, name: str) -> None:
        self._proxy_ask("remove", name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        made = self._proxy_ask("call", arguments, options)
        if type(made) is Proxy:
            given = [value for value in (*arguments, *options.values()) if isinstance(value, nn.Module)]
            made._proxy_held.extend(value for value in given if type(value) is not Proxy)
        return made

    def __getitem__(self, index: Any) -> Any:
        return self._proxy_ask("operate", "getitem", index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._proxy_ask("operate", "setitem", index, value)

    def __delitem__(self, index: Any) -> None:
        self._proxy_ask("operate", "delitem", index)

    def __iter__(self) -> Any:
        iterator, values, more = self._proxy_ask("iterate")
        yield from values
        while more:
            values, more = self._proxy_tester.ask("following", iterator)
            yield from values

    def __next__(self) -> Any:
        values, _ = self._proxy_ask("following")
        if not values:
            raise StopIteration
        return values[0]

    def __enter__(self) -> Any:
        return self._proxy_ask("invoke", "__enter__", (), {})

    def __exit__(self, kind: type | None, error: BaseException | None, _: Any) -> None:
        # Whether the answer would swallow the error is not asked, since it may be a failed test; nor does it see the
        # text of one, which may tell what was expected.
        if error is None:
            self._proxy_ask("leave", None)
        else:
            text = "" if isinstance(error, AssertionError) else str(error)[:MAX_TEXT]
            self._proxy_ask("leave", (tuple(describe_class(kind)), text))

    def __deepcopy__(self, _memo: dict) -> Any:
        return self._proxy_ask("copy", True)

    def __copy__(self) -> Any:
        return self._proxy_ask("copy", False)

    def __instancecheck__(self, value: Any) -> bool:
        return type(value) is Proxy and self._proxy_names[0] in value._proxy_names

    def __repr__(self) -> str:
        kind = {"builtins.function": "function ", "builtins.method": "method "}.get(self._proxy_names[0], "")
        return f"<{'class ' if self._proxy_kind == 'class' else kind}{self._proxy_shown} of the answer>"

    def __dir__(self) -> list[str]:
        return [str(name) for name in self._proxy_ask("invoke", "__dir__", (), {})]

    def __mro_entries__(self, _bases: tuple) -> tuple[type, ...]:
        raise WireError(f"a test cannot derive a class from {self!r}: its code is in another process")

    __hash__ = object.__hash__


def _operator(name: str, swapped: bool) -> Any:
    def operate(self: Proxy, *others: Any) -> Any:
        # An object that poses as a number or a tensor would compute its own distance to what is expected.
        if not self._proxy_tester.may_operate(self):
            raise VerdictError(_why(self))
        if swapped:
            result = self._proxy_tester.ask("operate", others[0], name, self)
        else:
            result = self._proxy_ask("operate", name, *others)
        if type(result) is not Proxy and not (others and type(others[0]) is Proxy):
            raise VerdictError(_why(self))
        return result

    return operate


def _why(proxy: Proxy) -> str:
    return f"the answer gives an object of its own ({proxy!r}), which is not compared: a plain value is expected"


def _no_length(self: Proxy) -> int:
    raise LengthError(_why(self))


def _verdict(name: str) -> Any:
    def refuse(self: Proxy, *_: Any) -> Any:
        raise VerdictError(_why(self))

    refuse.__name__ = f"__{name}__"
    return refuse


for _name in _OPERATORS:
    setattr(Proxy, f"__{_name}__", _operator(f"{_name}_" if _name in ("and", "or") else _name, swapped=False))
    setattr(Proxy, f"__r{_name}__", _operator(f"{_name}_" if _name in ("and", "or") else _name, swapped=True))
for _name in _UNARY:
    setattr(Proxy, f"__{_name}__", _operator(_name, swapped=False))
for _name in _VERDICTS:
    setattr(Proxy, f"__{_name}__", _verdict(_name))
Proxy.__len__ = _no_length
Proxy.__name__ = "object"  # what a message calls its type


def make_signature(described: Any) -> inspect.Signature:
    """The signature of `modules.signature_of`. Raises `WireError` for what is none."""
    try:
        return inspect.Signature(
            inspect.Parameter(
                name, inspect._ParameterKind(kind), default=default[0] if default else inspect.Parameter.empty
            )
            for name, kind, default in described
        )
    except (TypeError, ValueError) as error:
        raise WireError(f"no signature: {error}") from None


class Proxies:
    """The proxies that live: one for each object, and which objects need be kept no longer."""

    def __init__(self, tester: Any) -> None:
        self._tester = tester
        self._alive: weakref.WeakValueDictionary[int, Proxy] = weakref.WeakValueDictionary()
        self._times: dict[int, int] = {}
        self.gone: list[tuple[int, int]] = []

    def get(self, handle: int, kind: str, names: tuple[str, ...], label: str) -> Proxy:
        """The proxy for a handle that came."""
        self._times[handle] = self._times.get(handle, 0) + 1
        proxy = self._alive.get(handle)
        if proxy is None:
            proxy = Proxy(self._tester, handle, kind, names, label)
            self._alive[handle] = proxy
            weakref.finalize(proxy, self._forget, handle).atexit = False
        return proxy

    def _forget(self, handle: int) -> None:
        self.gone.append((handle, self._times.pop(handle, 0)))
