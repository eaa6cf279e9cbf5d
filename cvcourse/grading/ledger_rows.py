"""The gradebook's rows of one assignment: read and written with about one statement a table.

nbgrader's own functions look each row up by four joins and commit it alone. Nothing here commits.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta

from nbgrader.api import (
    Assignment,
    Grade,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from nbgrader.api import Comment as CommentRow
from sqlalchemy import Boolean, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from cvcourse.grading.ledger_notebook import Cells

_assignments, _students = Assignment.__table__, Student.__table__
_submissions, _notebooks = SubmittedAssignment.__table__, SubmittedNotebook.__table__
_grades, _comments = Grade.__table__, CommentRow.__table__

# The gradebook's indexes are by cell and by notebook of the assignment first: without these a query reads whole tables.
_IS_CELL = _grades.c.cell_id.in_(bindparam("cells", expanding=True))
_IS_NOTEBOOK = and_(
    _notebooks.c.notebook_id.in_(bindparam("notebooks", expanding=True)),
    _notebooks.c.assignment_id == _submissions.c.id,
)

_FIND = (
    select(
        _submissions.c.id,
        _submissions.c.timestamp,
        _submissions.c.extension,
        _assignments.c.duedate,
        _notebooks.c.id.label("submitted"),
        _notebooks.c.notebook_id,
    )
    .select_from(_submissions.join(_assignments).outerjoin(_notebooks, _IS_NOTEBOOK))
    .where(_submissions.c.assignment_id == bindparam("assignment"), _submissions.c.student_id == bindparam("student"))
)
_HAS_STUDENT = select(_students.c.id).where(_students.c.id == bindparam("student"))
_SET_TIME = update(_submissions).where(_submissions.c.id == bindparam("row")).values(timestamp=bindparam("time"))
_SET_PENALTY = (
    update(_notebooks).where(_notebooks.c.id == bindparam("row")).values(late_submission_penalty=bindparam("penalty"))
)
# As `SaveAutoGrades`: a person looks again where a person gave points before, and where there are no automatic points.
_SET_GRADE = (
    update(_grades)
    .where(_grades.c.notebook_id == bindparam("row"), _grades.c.cell_id == bindparam("cell"))
    .values(
        auto_score=bindparam("score"),
        needs_manual_grade=or_(_grades.c.manual_score.is_not(None), bindparam("by_hand", type_=Boolean)),
    )
)
# The same for a verdict that still holds: what a person has looked at stays looked at.
_KEEP_GRADE = (
    update(_grades)
    .where(_grades.c.notebook_id == bindparam("row"), _grades.c.cell_id == bindparam("cell"))
    .values(
        auto_score=bindparam("score"),
        needs_manual_grade=or_(
            _grades.c.needs_manual_grade,
            and_(_grades.c.manual_score.is_(None), bindparam("by_hand", type_=Boolean)),
        ),
    )
)
_SET_ALL_GRADES = (
    update(_grades)
    .where(_grades.c.notebook_id == bindparam("row"))
    .values(auto_score=bindparam("score"), needs_manual_grade=bindparam("by_hand"))
)
_SET_COMMENT = (
    update(_comments)
    .where(_comments.c.notebook_id == bindparam("row"), _comments.c.cell_id == bindparam("cell"))
    .values(auto_comment=bindparam("comment"))
)
_AUTO_SCORES = select(_grades.c.cell_id, _grades.c.auto_score).where(
    _IS_CELL, _grades.c.notebook_id == bindparam("row")
)
_SCORES = select(Grade.notebook_id, func.sum(Grade.score)).where(_IS_CELL).group_by(Grade.notebook_id)
_SCORE = _SCORES.where(Grade.notebook_id == bindparam("row"))


@dataclass(frozen=True)
class Submission:
    """One student's rows.

    Attributes:
        id: of the submission.
        timestamp: when it was handed in, in UTC without a zone, as nbgrader keeps times.
        due: when it had to be, extension included.
        notebooks: the ids of its notebooks, by the id of the assignment's notebook.
    """

    id: str
    timestamp: datetime | None
    due: datetime | None
    notebooks: dict[str, str]

    @property
    def seconds_late(self) -> float:
        """As nbgrader's `total_seconds_late`; 0 where the assignment has no due date."""
        if self.timestamp is None or self.due is None:
            return 0.0
        return max(0.0, (self.timestamp - self.due).total_seconds())


class Rows:
    """The rows of one assignment, in an open session.

    Args:
        db: nbgrader's session.
        assignment: the assignment.
        unit: name of its notebook that is graded.
    """

    def __init__(self, db: Session, assignment: Assignment, unit: str) -> None:
        self._db = db
        self.assignment_id: str = assignment.id
        notebooks = {notebook.name: Cells(notebook) for notebook in assignment.notebooks}
        self.cells = notebooks[unit]
        self.others = {name: cells for name, cells in notebooks.items() if name != unit}
        self._names = {cell: name for name, cell in self.cells.graded.items()}
        self._cells = list(self._names)
        self._notebooks = [cells.id for cells in notebooks.values()]

    def find(self, student: str) -> Submission | None:
        """The student's rows, None where nothing was entered yet."""
        names = {"assignment": self.assignment_id, "student": student, "notebooks": self._notebooks}
        found = self._db.execute(_FIND, names).all()
        if not found:
            return None
        first = found[0]
        due = first.duedate + (first.extension or timedelta(0)) if first.duedate else None
        notebooks = {row.notebook_id: row.submitted for row in found if row.submitted}
        return Submission(first.id, first.timestamp, due, notebooks)

    def find_or_add(self, student: str, timestamp: datetime | None) -> Submission:
        """The student's rows; made where they are missing, and with the new time where there is one."""
        found = self.find(student)
        if found is None:
            self._add(student, timestamp)
            return self.find(student)
        if timestamp is None:
            return found
        self._db.execute(_SET_TIME, {"row": found.id, "time": timestamp})
        return Submission(found.id, timestamp, found.due, found.notebooks)

    def _add(self, student: str, timestamp: datetime | None) -> None:
        """As nbgrader's `add_student` and `add_submission`."""
        if self._db.execute(_HAS_STUDENT, {"student": student}).first() is None:
            self._db.execute(insert(_students), {"id": student})
        row = {"id": new_uuid(), "assignment_id": self.assignment_id, "student_id": student, "timestamp": timestamp}
        self._db.execute(insert(_submissions), row)
        for cells in (self.cells, *self.others.values()):
            notebook = {"id": new_uuid(), "notebook_id": cells.id, "assignment_id": row["id"]}
            self._db.execute(insert(_notebooks), notebook)
            for table, names in ((_grades, cells.graded), (_comments, cells.commented)):
                rows = [{"notebook_id": notebook["id"], "cell_id": cell} for cell in names.values()]
                if rows:
                    self._db.execute(insert(table), rows)

    def set_scores(self, row: str, scores: dict[str, float | None], kept: Container[str] = ()) -> None:
        """Automatic points by grade_id, for the submitted notebook with this id; points given by hand stay.

        Nobody has to look again at the cells of `kept`, whose verdict is that of an earlier run.
        """
        for statement, again in ((_SET_GRADE, False), (_KEEP_GRADE, True)):
            values = [
                {"row": row, "cell": self.cells.graded[name], "score": score, "by_hand": score is None}
                for name, score in scores.items()
                if name in self.cells.graded and (name in kept) == again
            ]
            if values:
                self._db.execute(statement, values)

    def set_comments(self, row: str, comments: dict[str, str | None]) -> None:
        """nbgrader's own comments by grade_id; comments of a person stay."""
        values = [
            {"row": row, "cell": self.cells.commented[name], "comment": comment}
            for name, comment in comments.items()
            if name in self.cells.commented
        ]
        if values:
            self._db.execute(_SET_COMMENT, values)

    def set_nothing(self, row: str, *, by_hand: bool) -> None:
        """No automatic points for a submitted notebook."""
        self._db.execute(_SET_ALL_GRADES, {"row": row, "score": 0.0, "by_hand": by_hand})

    def set_penalty(self, row: str, penalty: float | None) -> None:
        """What lateness costs a submitted notebook."""
        self._db.execute(_SET_PENALTY, {"row": row, "penalty": penalty})

    def auto_scores(self, row: str) -> dict[str, float | None]:
        """The automatic points of a submitted notebook by grade_id, as the gradebook holds them."""
        found = self._db.execute(_AUTO_SCORES, {"row": row, "cells": self._cells})
        return {self._names[cell]: score for cell, score in found}

    def score(self, row: str) -> float:
        """All points of a submitted notebook, those given by hand included, before the penalty."""
        found = self._db.execute(_SCORE, {"row": row, "cells": self._cells}).first()
        return found[1] if found else 0.0

    def scores(self) -> dict[str, float]:
        """The same for every student."""
        by_row = dict(self._db.execute(_SCORES, {"cells": self._cells}).all())
        found = (
            select(_submissions.c.student_id, _notebooks.c.id)
            .join(_notebooks, _notebooks.c.assignment_id == _submissions.c.id)
            .where(_notebooks.c.notebook_id == self.cells.id)
        )
        return {student: by_row.get(row, 0.0) for student, row in self._db.execute(found)}

    def penalties(self) -> dict[str, float]:
        """What lateness costs everybody whom it costs something, by student id."""
        found = (
            select(_submissions.c.student_id, _notebooks.c.late_submission_penalty)
            .join(_notebooks, _notebooks.c.assignment_id == _submissions.c.id)
            .where(_notebooks.c.notebook_id == self.cells.id, _notebooks.c.late_submission_penalty > 0)
        )
        return dict(self._db.execute(found).all())

    def students(self) -> set[str]:
        """The ids of everybody with a submission."""
        found = select(_submissions.c.student_id).where(_submissions.c.assignment_id == self.assignment_id)
        return set(self._db.execute(found).scalars())
