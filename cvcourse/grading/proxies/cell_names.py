"""The names that a cell binds and uses, told from its text alone. For the worker: nothing here imports torch."""

import functools
import symtable
import types
from collections.abc import Iterator


@functools.lru_cache(maxsize=1024)
def bound_names(source: str) -> frozenset[str]:
    """The names that a cell binds for later cells; none where it is not Python."""
    try:
        symbols = symtable.symtable(plain(source), "<cell>", "exec").get_symbols()
    except (SyntaxError, ValueError):
        return frozenset()
    bound = (one for one in symbols if one.is_assigned() or one.is_imported() or one.is_namespace())
    return frozenset(one.get_name() for one in bound)


@functools.lru_cache(maxsize=1024)
def used_names(source: str) -> frozenset[str]:
    """All names in the code of a cell, those of attributes too; none where it is not Python."""
    try:
        return frozenset(names_of(compile(plain(source), "<test>", "exec")))
    except (SyntaxError, ValueError):
        return frozenset()


def names_of(code: types.CodeType) -> Iterator[str]:
    """The names in some code and in the functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_of(constant)


def plain(source: str) -> str:
    """The cell as Python: what only IPython understands is rewritten."""
    try:
        compile(source, "<test>", "exec")
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return TransformerManager().transform_cell(source)
    return source
