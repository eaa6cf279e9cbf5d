"""Marking for a plain `nbgrader autograde` and for formgrader's button, which start no farm: behind the same walls."""

import weakref
from pathlib import Path
from typing import Any

from cvcourse.grading.assignment import load_assignment
from cvcourse.grading.keys import Keys
from cvcourse.grading.marking import Marked, as_graded, mark
from cvcourse.grading.outcomes import save_outcome
from cvcourse.grading.seeds import seed_for
from cvcourse.grading.walled import Walls

_walls: weakref.WeakKeyDictionary[Any, Walls] = weakref.WeakKeyDictionary()


def mark_for_nbgrader(converter: Any, unit: str, student: str, data: bytes) -> Marked:
    """Mark one submission and record its outcome.

    Args:
        converter: nbgrader's `Autograde`; the pre-warmed process lives as long as it does.
        unit: the assignment.
        student: id.
        data: the bytes of the file that was handed in.
    """
    directory = converter.coursedir
    class_dir = Path(directory.submitted_directory).parent
    source = Path(directory.format_path(directory.source_directory, ".", unit)) / f"{unit}.ipynb"
    assignment, seed = load_assignment(source, unit), seed_for(class_dir, unit)
    marked = mark(
        assignment.source, data, seed, assignment.limits, stubs=assignment.stubs, run=_walls_of(converter).run
    )
    keys = Keys(assignment, seed, assignment.limits, sandbox=True).of(data)
    save_outcome(class_dir, unit, as_graded(student, keys, marked, sandbox=True))
    return marked


def _walls_of(converter: Any) -> Walls:
    walls = _walls.get(converter)
    if walls is None:
        walls = _walls[converter] = Walls()
        weakref.finalize(converter, walls.close)
    return walls
