"""Ways around the guard, and how they are closed.

A torch mode holds for its own thread, and TorchScript runs without asking it: from its import on `cvcourse.guard` is
told of threads that start and of scripts that are called. A function in C has no code that could be exchanged.
"""

import _thread
import functools
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import torch

# What starts threads: under these names, as far as this version of Python has them.
_STARTERS = ((threading, "_start_new_thread"), (threading, "_start_joinable_thread"))
_STARTERS += ((_thread, "start_new_thread"), (_thread, "start_new"), (_thread, "start_joinable_thread"))


def surround_threads(surroundings: Callable[[], AbstractContextManager]) -> None:
    """Every thread that is started from now on runs in a block of `surroundings()`, a pool's waiting ones too."""

    def within(start: Callable) -> Callable:
        @functools.wraps(start)
        def begin(function: Callable, *arguments: Any, **options: Any) -> Any:
            @functools.wraps(function)
            def run(*args: Any, **kwargs: Any) -> Any:
                with surroundings():
                    return function(*args, **kwargs)

            return start(run, *arguments, **options)

        return begin

    made: dict[int, Callable] = {}  # several names mean one function
    for module, name in _STARTERS:
        start = getattr(module, name, None)
        if start is not None:
            setattr(module, name, made.setdefault(id(start), within(start)))


def before_scripts(look: Callable[[Callable[[], frozenset[str]]], None]) -> None:
    """Before each call of a TorchScript function or method, `look` is called with a function for its operators."""
    for kind in (torch._C.ScriptFunction, torch._C.ScriptMethod):
        kind.__call__ = _looking(kind.__call__, look)


def _looking(call: Callable, look: Callable[[Callable[[], frozenset[str]]], None]) -> Callable:
    @functools.wraps(call)
    def looked_at(script: Any, *args: Any, **kwargs: Any) -> Any:
        look(lambda: _operators_of(script))
        return call(script, *args, **kwargs)

    return looked_at


def _operators_of(script: Any) -> frozenset[str]:
    """The names of a script's operators, those of the functions that it calls included."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = script.graph.copy()
        torch._C._jit_pass_inline(graph)
    return frozenset(node.kind() for node in _nodes(graph))


def in_python(module: types.ModuleType, name: str) -> types.FunctionType:
    """Put a Python function that calls it in the place of a function in C; gives that."""
    builtin = getattr(module, name)

    def forward(*args: Any, **kwargs: Any) -> Any:
        return builtin(*args, **kwargs)

    forward.__name__, forward.__qualname__ = name, name
    forward.__module__, forward.__doc__ = module.__name__, builtin.__doc__
    setattr(module, name, forward)
    return forward


def _nodes(block: Any) -> Iterator[Any]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from _nodes(inner)
