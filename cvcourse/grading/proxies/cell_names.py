"""The names that a cell binds, told from its text alone. The worker reads them too: nothing here imports torch."""

import functools
import symtable


@functools.lru_cache(maxsize=1024)
def bound_names(source: str) -> frozenset[str]:
    """The names that a cell binds for later cells; none where it is not Python."""
    try:
        symbols = symtable.symtable(plain(source), "<cell>", "exec").get_symbols()
    except (SyntaxError, ValueError):
        return frozenset()
    bound = (one for one in symbols if one.is_assigned() or one.is_imported() or one.is_namespace())
    return frozenset(one.get_name() for one in bound)


def plain(source: str) -> str:
    """The cell as Python: what only IPython understands is rewritten."""
    try:
        compile(source, "<test>", "exec")
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return TransformerManager().transform_cell(source)
    return source
