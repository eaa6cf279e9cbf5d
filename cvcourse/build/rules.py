"""What a source must fulfil before it is built. Each breach is a `BuildError` that names the script and the cell."""

import ast
import re
from collections import Counter

from nbformat import NotebookNode

from cvcourse.build.notebook import code_cells, name_of, tags
from cvcourse.errors import BuildError

TAGS = {"after-grading", "badge", "given", "nbval-check-output", "raises-exception", "setup"}
REGIONS = ("SOLUTION", "HIDDEN TESTS")
GRADE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what a cell id may be
LONGEST_CELL = 25  # lines of a lecture's code cell; what is longer belongs in the package


def check(notebook: NotebookNode, file: str, *, graded: bool) -> None:
    """Check the notebook that a script was read into; `graded`: it is an assignment.

    Raises:
        BuildError: a rule is broken.
    """
    for index, cell in enumerate(notebook.cells):
        where = f"{file}, {name_of(cell, index)}"
        _check_tags(cell, where)
        _check_python(cell, where)
        _check_regions(cell, where)
        if "nbgrader" in cell.metadata:
            if not graded:
                raise BuildError(f"{where}: a lecture carries nbgrader metadata: remove it")
            _check_nbgrader(cell, where)
        elif "given" in tags(cell):
            raise BuildError(f"{where}: a given cell needs nbgrader metadata that lock it")
    _check_whole(notebook, file, graded=graded)


def points(notebook: NotebookNode) -> float:
    """All the points of an assignment."""
    return sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in notebook.cells if is_graded(cell))


def is_graded(cell: NotebookNode) -> bool:
    """Whether a cell carries points."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def advice(notebook: NotebookNode) -> list[str]:
    """What a lecture could do better without being wrong: one sentence each."""
    return [
        f"{name_of(cell, index)} has {lines} lines: what is longer than {LONGEST_CELL} belongs in the package"
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
        and "setup" not in tags(cell)
        and (lines := len(cell.source.split("\n"))) > LONGEST_CELL
    ]


def regions(cell: NotebookNode, name: str) -> list[str]:
    """The texts between `BEGIN name` and `END name` in a cell, the marks apart."""
    return re.findall(rf"^[^\n]*BEGIN {name}[^\n]*\n(.*?)^[^\n]*END {name}", cell.source, re.DOTALL | re.MULTILINE)


def _check_tags(cell: NotebookNode, where: str) -> None:
    unknown = [tag for tag in tags(cell) if tag not in TAGS and not re.fullmatch(r"topic:[\w.-]+", tag)]
    if unknown:
        raise BuildError(f"{where}: unknown tag {unknown[0]!r}: use {', '.join(sorted(TAGS))} or topic:ID")
    kind = {"badge": "markdown", "setup": "code", "nbval-check-output": "code"}
    for tag in tags(cell):
        if kind.get(tag, cell.cell_type) != cell.cell_type:
            raise BuildError(f"{where}: the tag {tag!r} belongs on a {kind[tag]} cell")


def _check_python(cell: NotebookNode, where: str) -> None:
    if cell.cell_type != "code":
        return
    try:
        compile(cell.source, "cell", "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as error:
        reason = f"line {error.lineno}: {error.msg}"
        raise BuildError(f"{where}: not valid Python ({reason}); magics are written as get_ipython() calls") from None


def _check_regions(cell: NotebookNode, where: str) -> None:
    """Every mark has its partner, and stands in a cell where nbgrader removes what is between them."""
    for name in REGIONS:
        marks = re.findall(rf"\b(BEGIN|END) {name}\b", cell.source)
        if marks != ["BEGIN", "END"] * (len(marks) // 2):
            raise BuildError(f"{where}: BEGIN {name} and END {name} do not pair: {' '.join(marks)}")
        if marks and not regions(cell, name):
            raise BuildError(f"{where}: nothing stands between BEGIN {name} and END {name}")
        nbgrader = cell.metadata.get("nbgrader", {})
        if marks and not nbgrader.get("solution" if name == "SOLUTION" else "grade"):
            kind = "solution" if name == "SOLUTION" else "graded test"
            raise BuildError(f"{where}: {name} marks outside a {kind} cell")


def _check_nbgrader(cell: NotebookNode, where: str) -> None:
    """The metadata fit nbgrader's schema 3 and this course: tests are locked, carry points and follow their answer."""
    meta = cell.metadata.nbgrader
    missing = {"grade", "grade_id", "locked", "schema_version", "solution", "task"} - meta.keys()
    if missing:
        raise BuildError(f"{where}: nbgrader metadata without {', '.join(sorted(missing))}")
    if meta.schema_version != 3:
        raise BuildError(f"{where}: schema_version is {meta.schema_version!r}: write 3")
    if not GRADE_ID.fullmatch(str(meta.grade_id)):
        raise BuildError(f"{where}: grade_id {meta.grade_id!r}: use 1 to 64 letters, digits, - and _")
    if meta.grade and not _positive(meta.get("points")):
        raise BuildError(f"{where}: a graded cell needs points above 0, not {meta.get('points')!r}")
    if meta.grade and not meta.solution and not meta.locked:
        raise BuildError(f"{where}: a test cell must be locked, or a student could change it")
    if meta.solution and meta.locked:
        raise BuildError(f"{where}: a solution cell cannot be locked")
    if "given" in tags(cell) and (meta.grade or meta.solution or not meta.locked):
        raise BuildError(f"{where}: a given cell is locked, without points and without a solution")


def _positive(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf")


def _check_whole(notebook: NotebookNode, file: str, *, graded: bool) -> None:
    """What only the whole notebook shows: ids used twice, title and set-up cells, points, nbgrader's own validator."""
    for tag in ("badge", "setup"):
        count = sum(tag in tags(cell) for cell in notebook.cells)
        if count != 1:
            raise BuildError(f"{file}: {count} cells are tagged {tag!r}: tag exactly one")
    if "badge" not in tags(notebook.cells[0]) or not notebook.cells[0].source.startswith("# "):
        raise BuildError(f"{file}: the first cell must be the title ('# ...'), tagged 'badge'")
    if not code_cells(notebook) or "setup" not in tags(code_cells(notebook)[0]):
        raise BuildError(f"{file}: the first code cell must be the set-up cell, tagged 'setup'")
    ids = Counter(cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata)
    twice = [grade_id for grade_id, count in ids.items() if count > 1]
    if twice:
        raise BuildError(f"{file}: grade_id {twice[0]!r} is used {ids[twice[0]]} times: rename all but one")
    if graded and not points(notebook):
        raise BuildError(f"{file}: no cell carries points: an assignment needs graded cells")
