"""What an author should know before the class does: which tests of an assignment hold in one process, but not in two.

The build runs an assignment in one kernel. Grading runs the answers in one process and the tests in another, and some
of what a test may do cannot cross between them: the source of a function, a class of the answer as a base class, a
value that is no plain data. So the solution is graded as a submission is, and what does not pass is remarked on.
"""

from pathlib import Path
from typing import Any

import nbformat

from cvcourse.build.notebook import name_of
from cvcourse.grading.assignment import Assignment, load_assignment
from cvcourse.grading.isolation import IsolationError, KernelError
from cvcourse.grading.marking import Marked, mark
from cvcourse.grading.outcomes import Outcome
from cvcourse.grading.walled import Walls

SEED = "1"


class TwoProcesses:
    """Grades solutions in walled kernels, which are started when first needed. A context manager.

    Args:
        walls: kernels that run already; they are not closed with this.
    """

    def __init__(self, walls: Walls | None = None) -> None:
        self._walls, self._own = walls, None
        self._impossible: IsolationError | KernelError | None = None

    def remarks(self, solution: Path, unit: str) -> list[str]:
        """One sentence for each cell of a solution notebook that fails only where grading runs it.

        On a machine that cannot wall in a kernel it is one sentence that says so.
        """
        assignment = load_assignment(solution, unit)
        try:
            marked = self._grade(assignment)
        except (IsolationError, KernelError) as error:
            self._impossible = error
            return [f"not tried in grading's two processes: {getattr(error, 'fault', error)}"]
        return _refused(assignment, marked)

    def _grade(self, assignment: Assignment) -> Marked:
        if self._impossible:
            raise self._impossible
        if self._walls is None:
            self._walls = self._own = Walls()
        submission = nbformat.writes(assignment.source).encode()
        options: dict[str, Any] = {"stubs": assignment.stubs, "run": self._walls.run}
        return mark(assignment.source, submission, SEED, assignment.limits, **options)

    def __enter__(self) -> "TwoProcesses":
        return self

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            self._own.close()


def _refused(assignment: Assignment, marked: Marked) -> list[str]:
    found = []
    indices = {test.grade_id: test.index for test in assignment.tests}
    for verdict in marked.verdicts:
        if verdict.outcome not in (Outcome.PASSED, Outcome.BY_HAND):
            index = indices[verdict.grade_id]
            where = name_of(assignment.source.cells[index], index)
            found.append(f"{where}: grading's two processes do not pass it ({verdict.outcome}: {verdict.reason})")
    return found + [f"in grading's two processes {note}" for note in marked.notes]
