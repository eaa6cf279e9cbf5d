"""What a test cell does with an answer that grading cannot do: tests run in another process than the answers.

There an answer's functions, classes and objects are stand-ins (`cvcourse.grading.proxies`). A remark names the cell,
the use and what to write instead.
"""

import ast
from collections.abc import Iterator

from nbformat import NotebookNode

from cvcourse.build.notebook import code_cells, name_of

_BASE = "a class of the answer as a base class: test an object of it, or pass it a function"
_SOURCE = "the source or the code of an answer: test what it does, or use cvcourse.guard"
_TRANSFORM = "a transform of torch over an answer: loop over cases, and differentiate with torch.autograd.grad"
_MEMORY = "an object of the answer asked for its identity: compare values; memory and identity do not cross"
_READS = {f"inspect.{name}" for name in ("getsource", "getsourcelines", "getsourcefile", "getfile", "getclosurevars")}
_READS |= {"dis.dis", "dis.get_instructions"}
_TRANSFORMS = {"torch.vmap", "torch.compile", "torch.jit.script", "torch.jit.trace", "torch.fx.symbolic_trace"}
_CODE = {"__code__", "__globals__", "__closure__", "__defaults__", "__kwdefaults__"}


def remarks(notebook: NotebookNode) -> list[str]:
    """One sentence for each use in a test cell that no answer passes when it is graded."""
    answers = {name for cell in code_cells(notebook) if _flag(cell, "solution") for name in _bound(cell.source)}
    found = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and _flag(cell, "grade") and not _flag(cell, "solution"):
            reasons = dict.fromkeys(_reasons(ast.parse(cell.source), answers))
            found += [f"{name_of(cell, index)} uses {reason}" for reason in reasons]
    return found


def _flag(cell: NotebookNode, name: str) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get(name))


def _bound(source: str) -> Iterator[str]:
    """The names that a solution cell gives to the notebook."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))


def _reasons(tree: ast.AST, answers: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(_name(base) in answers for base in node.bases):
            yield _BASE
        elif isinstance(node, ast.Attribute) and node.attr in _CODE and _name(node.value) in answers:
            yield _SOURCE
        elif isinstance(node, ast.Call):
            called, direct = _name(node.func), any(_name(argument) in answers for argument in node.args)
            if called in _READS and direct:
                yield _SOURCE
            elif called == "id" and direct:
                yield _MEMORY
            elif (called in _TRANSFORMS or called.startswith("torch.func.")) and _mentions(node.args, answers):
                yield _TRANSFORM


def _mentions(arguments: list[ast.expr], answers: set[str]) -> bool:
    return any(_name(node) in answers for argument in arguments for node in ast.walk(argument))


def _name(node: ast.AST) -> str:
    """`a.b.c` as it is written; empty for anything else."""
    if isinstance(node, ast.Attribute):
        owner = _name(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return node.id if isinstance(node, ast.Name) else ""
