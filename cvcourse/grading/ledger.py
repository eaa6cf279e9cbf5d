"""The one writer of a class's gradebook and of `autograded/`: one session for a run, one transaction a submission.

What it leaves is what nbgrader's own Autograde leaves with the same executed notebook, at a small part of the time.
"""

import contextlib
import copy
import os
from collections.abc import Container, Iterator
from datetime import datetime
from pathlib import Path
from typing import Self

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.utils import find_all_files

from cvcourse.errors import ClassError
from cvcourse.grading import ledger_penalties
from cvcourse.grading.bridge import QUIET, LatePolicy, course_directory, nbgrader_config
from cvcourse.grading.gradebook import one_line_refusals, open_gradebook
from cvcourse.grading.ledger_files import Swap, moved_away
from cvcourse.grading.ledger_notebook import Autograded, Steps
from cvcourse.grading.ledger_penalties import LateRule
from cvcourse.grading.ledger_rows import Rows, Submission
from cvcourse.grading.marking import Marked
from cvcourse.grading.store import cannot_write, staging
from cvcourse.paths import CoursePaths

STAGE = ".ledger"


class Ledger:
    """The gradebook of a class, open for the results of one assignment. Use it from one thread, as a context manager.

    The caller holds the class (`store.only_writer`). The assignment must be in the gradebook
    (`bridge.enter_assignment`); a student need not be.

    Args:
        paths: of the class.
        unit: full name of the assignment.
    """

    def __init__(self, paths: CoursePaths, unit: str) -> None:
        self.paths, self.unit = paths, unit
        self._config = nbgrader_config(paths)
        self._directory = course_directory(self._config, unit)
        self._converter = Autograde(coursedir=self._directory, config=self._config, log=QUIET)
        self._rule = LateRule(self._config)
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Open the gradebook.

        Raises:
            ClassError: it is in use, cannot be written, or lacks the assignment.
        """
        with contextlib.ExitStack() as stack:
            self._stage = stack.enter_context(staging(self.paths.class_dir / "autograded", STAGE))
            self._gradebook: Gradebook = stack.enter_context(open_gradebook(self.paths))
            with self._transaction():
                self._rows = self._read()
            names = {"notebook": self.unit, "assignment": self.unit, "db_url": self.paths.gradebook}
            self._steps = Steps(self._converter, self._rows.cells, names)
            self._open = stack.pop_all()
        return self

    def _read(self) -> Rows:
        found = [one for one in self._gradebook.assignments if one.name == self.unit]
        if not found or self.unit not in {notebook.name for notebook in found[0].notebooks}:
            raise ClassError(f"the gradebook {self.paths.gradebook} has no assignment {self.unit}: enter it first")
        return Rows(self._gradebook.db, found[0], self.unit)

    def __exit__(self, *error: object) -> None:
        self._open.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with one_line_refusals(self.paths.gradebook):
            try:
                yield
                self._gradebook.db.commit()
            except BaseException:
                self._gradebook.db.rollback()
                raise

    def enter(self, student: str, marked: Marked, kept: Container[str] = ()) -> dict[str, float | None]:
        """Put one executed submission into `autograded/` and its points and comments into the gradebook.

        All of it is there afterwards, or after an error nothing. The notebook of `marked` is changed in place.

        Args:
            student: id.
            marked: the result.
            kept: the grade_ids whose verdict is that of an earlier run, so that no person has to look at them again.

        Returns:
            The automatic points by grade_id as the gradebook holds them; None where a person decides.

        Raises:
            ClassError: gradebook or folder cannot be written.
            NbGraderException: nbgrader's steps do not take this submission; the message says why in one line.
        """
        folder = self._folder(self._directory.submitted_directory, student)
        try:
            autograded = self._steps(student, marked)
            timestamp = self._timestamp(folder)
            files: dict[Path, bytes | Path] = {**self._files_beside(folder), **self._files_of_source()}
        except NbGraderException:
            raise
        except Exception as error:
            why = str(error).strip().splitlines()
            raise NbGraderException(f"{type(error).__name__}: {why[0] if why else 'no reason given'}") from error
        files[Path(f"{self.unit}.ipynb")] = autograded.text
        swap = Swap(self._folder(self._directory.autograded_directory, student), self._stage)
        entered = False
        try:
            swap.prepare(files)
            with self._transaction():
                points = self._enter_rows(student, timestamp, autograded, kept)
                swap.put()
                self._set_permissions(student)
            entered = True
        finally:
            if not entered:
                swap.undo()
            swap.clear()
        return points

    def _folder(self, step: str, student: str) -> Path:
        return Path(self._directory.format_path(step, student, self.unit))

    def _timestamp(self, folder: Path) -> datetime | None:
        try:
            return self._directory.get_existing_timestamp(str(folder))
        except Exception as error:
            raise NbGraderException(f"{folder / 'timestamp.txt'} is no date") from error

    def _files_beside(self, folder: Path) -> dict[Path, Path]:
        """Everything in a folder that is no notebook, by its path there, as nbgrader takes it along."""
        files = [Path(file) for file in find_all_files(str(folder), [*self._directory.ignore, "*.ipynb"])]
        unreadable = [file for file in files if not (file.is_file() and os.access(file, os.R_OK))]
        if unreadable:
            raise NbGraderException(f"{unreadable[0]} cannot be read")
        return {file.relative_to(folder): file for file in files}

    def _files_of_source(self) -> dict[Path, Path]:
        """The instructor's files beside the notebook: they stand above a student's of the same name."""
        files = self._files_beside(self._folder(self._directory.source_directory, "."))
        kept = {Path(name) for name in self._converter.exclude_overwriting.get(self.unit, [])}
        return {name: file for name, file in files.items() if name not in kept}

    def _set_permissions(self, student: str) -> None:
        folder = self._folder(self._directory.autograded_directory, student)
        try:
            self._converter.set_permissions(self.unit, student)
        except OSError as error:
            raise cannot_write(folder, error) from error

    def _enter_rows(
        self, student: str, timestamp: datetime | None, autograded: Autograded, kept: Container[str]
    ) -> dict[str, float | None]:
        submission = self._rows.find_or_add(student, timestamp)
        row = self._notebook(submission, student)
        self._rows.set_scores(row, autograded.scores, kept)
        self._rows.set_comments(row, autograded.comments)
        self._enter_missing_notebooks(student, submission)
        late = submission.seconds_late
        penalty = self._rule.penalty(student, self._rows.score(row), late) if late > 0 else None
        self._rows.set_penalty(row, penalty)
        entered = self._rows.auto_scores(row)
        lacking = sorted(autograded.scores.keys() - entered.keys())
        if lacking:
            raise NbGraderException(f"the gradebook has no grade of {student} for {', '.join(lacking)}")
        return entered

    def _notebook(self, submission: Submission, student: str) -> str:
        row = submission.notebooks.get(self._rows.cells.id)
        if row is None:
            raise NbGraderException(f"the gradebook has a submission of {student} without the notebook {self.unit}")
        return row

    def _enter_missing_notebooks(self, student: str, submission: Submission) -> None:
        """As nbgrader: no points for another notebook of the assignment that was not handed in."""
        folder = self._folder(self._directory.submitted_directory, student)
        for name, cells in self._rows.others.items():
            if cells.id in submission.notebooks and not (folder / f"{name}.ipynb").exists():
                self._rows.set_nothing(submission.notebooks[cells.id], by_hand=False)

    def enter_nothing(self, student: str) -> None:
        """No automatic points for a submission that could not be graded, marked for a person to look at.

        An earlier attempt's points and executed notebook must not stand for it.

        Raises:
            ClassError: gradebook or folder cannot be written; nothing was changed.
        """
        folder = self._folder(self._directory.autograded_directory, student)
        with moved_away(folder, self._stage), self._transaction():
            submission = self._rows.find_or_add(student, None)
            self._rows.set_nothing(self._notebook(submission, student), by_hand=True)

    def entered(self) -> set[str]:
        """The ids of the students whom the gradebook has a submission of."""
        with self._transaction():
            return self._rows.students()

    def points(self, student: str) -> dict[str, float | None]:
        """One student's automatic points by grade_id; empty where nothing was entered."""
        with self._transaction():
            submission = self._rows.find(student)
            row = submission and submission.notebooks.get(self._rows.cells.id)
            return self._rows.auto_scores(row) if row else {}

    def scores(self) -> dict[str, float]:
        """Everybody's points by student id, those given by hand included, before the penalty."""
        with self._transaction():
            return self._rows.scores()

    def totals(self) -> dict[str, float]:
        """Everybody's points by student id, those given by hand included, with the penalty taken off."""
        with self._transaction():
            penalties = self._rows.penalties()
            return {name: max(score - penalties.get(name, 0.0), 0.0) for name, score in self._rows.scores().items()}

    def assign_penalties(self, policy: LatePolicy) -> dict[str, float]:
        """Set every submission's penalty by nbgrader's plugin, from time stamps, due date and extensions.

        Args:
            policy: what late work loses.

        Returns:
            The penalties that are not 0, by student id.
        """
        config = copy.deepcopy(self._config)
        policy.configure(config)
        with self._transaction():
            return ledger_penalties.assign(self.paths, self.unit, self._gradebook, self._rows, LateRule(config))
