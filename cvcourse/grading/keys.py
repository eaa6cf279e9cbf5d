"""What a verdict depends on, as a hash: a mended test is run again, and only that one."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from cvcourse.grading.assignment import Assignment
from cvcourse.grading.cells import grade_id, is_test, tags
from cvcourse.grading.execute import Limits


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Keys:
    """The keys of the tests of submissions to one assignment.

    A test's key changes with the submission, the seed, the limits, whether there are walls, any code cell that is no
    test (of an answer its released text, not the solution), and with this test's text, points and exercise; not with
    prose, the solution, or another test.

    Args:
        assignment: what is graded against.
        seed: of the class for this assignment.
        limits: of time and output.
        sandbox: whether cells run behind walls.
    """

    def __init__(self, assignment: Assignment, seed: str, limits: Limits, sandbox: bool) -> None:
        cells = assignment.source.cells
        around = [
            [grade_id(cell), tags(cell), assignment.stubs.get(grade_id(cell), cell.source)]
            for cell in cells
            if cell.cell_type == "code" and not is_test(cell)
        ]
        shared = _hash(seed, asdict(limits), sandbox, around)
        self._tests = {
            test.grade_id: _hash(shared, cells[test.index].source, test.points, test.exercise, test.by_hand)
            for test in assignment.tests
        }

    def of(self, data: bytes) -> dict[str, str]:
        """The key of each test, by grade_id, for the bytes of a file that was handed in."""
        file = hashlib.sha256(data).hexdigest()
        return {name: _hash(file, test) for name, test in self._tests.items()}


def whole_key(student: str, keys: Mapping[str, str]) -> str:
    """One key for a student's whole submission."""
    return _hash(student, dict(keys))
