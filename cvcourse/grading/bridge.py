"""nbgrader's settings for one class, its step that enters an assignment, and what late work loses."""

import contextlib
import logging
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from cvcourse.errors import ClassError
from cvcourse.grading.gradebook import COURSE_ID, open_gradebook
from cvcourse.grading.roster import Roster
from cvcourse.grading.store import staging
from cvcourse.paths import MARKER, CoursePaths

QUIET = logging.getLogger("cvcourse.grading.nbgrader")
"""For nbgrader's steps: nowhere, because `Marked.notes` and the verdicts say what these would."""
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


def nbgrader_config(paths: CoursePaths) -> Config:
    """`nbgrader_config.py` of the checkout, with the folders of this class."""
    config = PyFileConfigLoader(MARKER, path=str(paths.root)).load_config()
    config.CourseDirectory.root = str(paths.root)
    config.CourseDirectory.course_id = COURSE_ID
    for step in ("submitted", "autograded", "feedback"):
        config.CourseDirectory[f"{step}_directory"] = str(paths.class_dir / step)
    config.CourseDirectory.db_url = paths.gradebook
    return config


def course_directory(config: Config, unit: str, student: str = "*") -> CourseDirectory:
    """nbgrader's view of the class, narrowed to one assignment and one student."""
    directory = CourseDirectory(config=config)
    directory.assignment_id, directory.student_id = unit, student
    return directory


@contextlib.contextmanager
def quiet_sqlalchemy() -> Iterator[None]:
    """Without SQLAlchemy's warnings about the order in which nbgrader adds its objects; they are harmless."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


@contextlib.contextmanager
def nbgrader_log() -> Iterator[list[str]]:
    """Keep nbgrader's messages from the terminal; its errors are collected in the list."""
    errors: list[str] = []

    class _Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            errors.append(record.getMessage())

    logger, handler = logging.getLogger("traitlets"), _Collect(logging.ERROR)
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        with quiet_sqlalchemy():
            yield errors
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


def _last_line(errors: list[str], error: Exception) -> str:
    lines = [line for text in errors for line in text.splitlines() if ": " in line and not line.startswith(" ")]
    return lines[-1] if lines else str(error)


def enter_assignment(paths: CoursePaths, unit: str) -> None:
    """Put the assignment's cells and points into the gradebook, by nbgrader's own release step into a spare folder.

    Raises:
        ClassError: nbgrader refuses; most often because test cells were renamed after grading began.
    """
    with open_gradebook(paths):
        pass  # made where there is none, and refused in one line where it is in use
    with staging(paths.class_dir) as spare, nbgrader_log() as errors:
        config = nbgrader_config(paths)
        config.CourseDirectory.release_directory = str(spare)
        converter = GenerateAssignment(coursedir=course_directory(config, unit, "."), config=config)
        converter.coursedir.notebook_id = unit
        converter.force = True
        try:
            converter.start()
        except NbGraderException as error:
            why = _last_line(errors, error)
            if "Cannot add or remove cells" in why:
                why = "cells were added, removed or renamed after grading began; undo that or start a new class folder"
            raise ClassError(f"the gradebook cannot take {unit}: {why}") from error


def enter_students(paths: CoursePaths, roster: Roster) -> None:
    """Put everybody of the roster into the gradebook, so that nobody is missing there."""
    with open_gradebook(paths) as gradebook:
        known = {student.id: student for student in gradebook.students}
        for one in roster:
            names = {"first_name": one.first_name or one.name, "last_name": one.last_name, "email": one.email}
            old = known.get(one.id)
            if old is None or any((getattr(old, key) or "") != value for key, value in names.items()):
                gradebook.update_or_create_student(one.id, **names)


@dataclass(frozen=True)
class LatePolicy:
    """What a late submission loses: `none`, everything (`zero`), or a percentage of its points per day begun."""

    method: str = "none"
    percent: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "LatePolicy":
        """The policy in `none`, `zero`, or a number of percent such as `10` or `10%`.

        Raises:
            ClassError: it is none of these.
        """
        if text in ("none", "zero"):
            return cls(text)
        try:
            percent = float(text.strip().removesuffix("%"))
        except ValueError:
            percent = math.nan
        if not 0 <= percent <= 100:
            raise ClassError(f"--late-penalty is none, zero, or percent per day such as 10; not {text!r}")
        return cls("per day", percent)

    def configure(self, config: Config) -> None:
        """Tell nbgrader's late-submission plugin."""
        if self.method == "per day":
            config.AssignLatePenalties.plugin_class = "cvcourse.grading.preprocessors.PerDayPenalty"
            config.PerDayPenalty.percent = self.percent
        else:
            config.LateSubmissionPlugin.penalty_method = self.method
