"""Exceptions between the processes: names of classes and texts go over the wire, classes are resolved here."""

import builtins
import importlib
from typing import Any

from cvcourse.grading.proxies.errors import AnswerError

COURSE = ("cvcourse.errors", "cvcourse.checks", "cvcourse.guard")
MAX_TEXT = 10_000
# They would end the tester's own loops and processes instead of failing a test.
NEVER = ("StopIteration", "StopAsyncIteration", "GeneratorExit", "SystemExit", "KeyboardInterrupt")
_made: dict[tuple, type[Exception]] = {}


def describe_class(kind: type) -> list[str]:
    """The names of a class and of its bases."""
    return [f"{base.__module__}.{base.__qualname__}" for base in type.mro(kind)[:40]]


def describe(error: BaseException) -> tuple[list[str], str, tuple]:
    """(names, text, arguments that are plain)."""
    try:
        text = str(error)
    except Exception as second:
        text = f"<no text: {type(second).__name__}>"
    plain = all(type(part) in (str, int, float, bool, type(None)) for part in error.args)
    return describe_class(type(error)), text[:MAX_TEXT], tuple(error.args[:8]) if plain else ()


def means(error: BaseException, name: str, text: str) -> bool:
    """Whether an exception of this class and text, or one that quotes them, was raised for this error."""
    kind, (_, said, _) = type(error).__name__, describe(error)
    return (kind == name and said == text) or f"{kind}: {said}".strip(": ") in text


def rebuild(names: Any, text: Any, arguments: Any) -> Exception:
    """An exception with these bases, as far as they are builtins or the course's own, and this text."""
    kind = resolve_class(tuple(str(name) for name in names))
    text = str(text)[:MAX_TEXT]
    if kind is AnswerError:
        return AnswerError(f"{str(names[0]).rpartition('.')[2]}: {text}" if names else text)
    try:
        # Python shows the line that a syntax error names, of any file.
        error = kind(*(() if issubclass(kind, SyntaxError) else arguments))
        if str(error) == text:
            return error
    except Exception:  # a class that asks for other arguments than it keeps
        pass
    said = type(kind.__name__, (kind,), {"__str__": lambda self: text, "__init__": lambda self, *_: None})
    said.__qualname__, said.__module__ = kind.__qualname__, kind.__module__
    return said.__new__(said, text)


def resolve_class(names: tuple[str, ...]) -> type[Exception]:
    """The class of these names: a known one itself, else one of the same name with the known bases."""
    if names in _made:
        return _made[names]
    bases: list[type[Exception]] = []
    for name in names:
        base = _known(name)
        if base is not None and not any(issubclass(chosen, base) for chosen in bases):
            bases.append(base)
    if not bases or bases == [Exception]:
        kind = AnswerError
    elif _known(names[0]) is bases[0]:
        kind = bases[0]
    else:
        kind = _make(names[0].rpartition(".")[2], bases)
    _made[names] = kind
    return kind


def _make(name: str, bases: list[type[Exception]]) -> type[Exception]:
    try:
        return type(name, tuple(bases), {})
    except TypeError:  # builtins whose instances are laid out differently
        return type(name, tuple(bases[:1]), {})


def _known(name: str) -> type[Exception] | None:
    module, _, last = name.rpartition(".")
    if last in NEVER:
        return None
    where = builtins if module == "builtins" else importlib.import_module(module) if module in COURSE else None
    found = getattr(where, last, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else None
