"""The released version of an assignment, made by nbgrader, and the proof that it gives nothing away."""

import logging
import re
import tempfile
from pathlib import Path

from nbformat import NotebookNode

from cvcourse.build import rules
from cvcourse.build.notebook import read, write
from cvcourse.errors import BuildError
from cvcourse.paths import MARKER

SHORTEST_TELLING = 12  # characters: shorter lines, such as "return out", say nothing by themselves


def generate(solution: NotebookNode, unit: str, root: Path) -> NotebookNode:
    """What `nbgrader generate_assignment UNIT --notebook UNIT --force --no-db` makes of a solution notebook.

    nbgrader's own converter runs in a temporary folder, with the configuration of the checkout `root` and without a
    gradebook: building touches no class.

    Raises:
        BuildError: nbgrader refuses the notebook, or the result gives something away.
    """
    from nbgrader.converters.generate_assignment import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import capture_log

    with tempfile.TemporaryDirectory(prefix="cvcourse-") as folder:
        config = _config(root, folder)
        coursedir = CourseDirectory(config=config, assignment_id=unit, notebook_id=unit)
        source = Path(folder, config.CourseDirectory.source_directory, unit, f"{unit}.ipynb")
        write(solution, source)
        converter = GenerateAssignment(coursedir=coursedir, config=config)
        converter.log = _silent_logger()
        result = capture_log(converter)
        if not result["success"]:
            lines = [line for line in result.get("log", "").split("\n") if "Error: " in line] or ["no reason given"]
            raise BuildError(f"nbgrader cannot release {unit}: {lines[-1].strip()}")
        released = read(Path(folder, config.CourseDirectory.release_directory, unit, f"{unit}.ipynb"))
    _prove(solution, released, unit)
    return released


def _config(root: Path, folder: str):
    """The checkout's nbgrader configuration, pointed at a folder of its own and at no gradebook."""
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader(MARKER, path=str(root)).load_config()
    config.CourseDirectory.root = folder
    config.BaseConverter.force = True
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    return config


def _silent_logger() -> logging.Logger:
    logger = logging.getLogger("cvcourse.build.nbgrader")
    logger.propagate = False
    logger.handlers = [logging.NullHandler()]
    return logger


def _prove(solution: NotebookNode, released: NotebookNode, unit: str) -> None:
    leaks = given_away(solution, released)
    if leaks:
        raise BuildError(f"the released {unit} gives something away: {leaks[0]}")


def given_away(solution: NotebookNode, published: NotebookNode) -> list[str]:
    """What `published` tells of the solutions and hidden tests in `solution`, one sentence each.

    A secret line counts when it is long enough to say something and stands nowhere in the open part of `solution`.
    """
    text = "\n".join(cell.source for cell in published.cells)
    found = [f"the mark {name}" for name in rules.REGIONS if re.search(rf"(BEGIN|END) {name}", text)]
    shown, open_lines = _lines(text), set().union(*(_lines(_open(cell)) for cell in solution.cells))
    for cell in solution.cells:
        for name, secret in _secrets(cell):
            telling = (line for line in _lines(secret) - open_lines if len(line) >= SHORTEST_TELLING)
            found += [f"{name}: {line}" for line in sorted(telling) if line in shown]
    for cell in published.cells:
        if cell.get("outputs") or cell.get("execution_count"):
            found.append(f"an output, below {cell.source[:40]!r}")
    return found


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.split("\n")}


def _secrets(cell: NotebookNode) -> list[tuple[str, str]]:
    """The parts of a cell that students must not see, each with its kind; a solution without marks is one whole."""
    found = [(name.lower(), region) for name in rules.REGIONS for region in rules.regions(cell, name)]
    if not found and cell.metadata.get("nbgrader", {}).get("solution"):
        found.append(("solution", cell.source))
    return found


def _open(cell: NotebookNode) -> str:
    """The part of a cell that students may see."""
    text = cell.source
    for _, secret in _secrets(cell):
        text = text.replace(secret, "")
    return text
