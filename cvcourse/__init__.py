"""cvcourse: the helpers that the course's notebooks import, and the tools that run a class.

`import cvcourse` itself imports neither torch nor matplotlib; each name below is loaded when it is first used.
"""

from importlib import import_module

from cvcourse.errors import CourseError

__version__ = "0.1.0"

_LAZY = {
    "budget": "cvcourse.session",
    "by_budget": "cvcourse.session",
    "device": "cvcourse.session",
    "setup": "cvcourse.session",
    "evaluate": "cvcourse.training",
    "fit": "cvcourse.training",
    "checks": None,
    "data": None,
    "guard": None,
    "models": None,
    "plotting": None,
    "training": None,
    "widgets": None,
}

__all__ = ["CourseError", "__version__", *_LAZY]


def __getattr__(name: str):
    if name not in _LAZY:
        raise AttributeError(f"module 'cvcourse' has no attribute {name!r}")
    module = _LAZY[name]
    return import_module(f"cvcourse.{name}") if module is None else getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
