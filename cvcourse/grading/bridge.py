"""nbgrader's own steps, run from Python on one class: enter the assignment, autograde one student, late penalties."""

import contextlib
import logging
import math
import shutil
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC

from nbformat.v4 import new_notebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from cvcourse.errors import ClassError
from cvcourse.grading.collect import effective_time
from cvcourse.grading.collection import load_collection
from cvcourse.grading.due import due_dates, sync_extensions
from cvcourse.grading.gradebook import COURSE_ID, open_gradebook
from cvcourse.grading.marking import Marked
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


class _Autograde(Autograde):
    """nbgrader's step, with the notebooks that are executed already."""

    marks: Mapping[str, Marked] = {}


def autograde(paths: CoursePaths, unit: str, student: str, marked: Marked) -> None:
    """Let nbgrader put one executed submission into `autograded/` and its points into the gradebook.

    Raises:
        ClassError: the gradebook cannot be written.
        NbGraderException: nbgrader fails on this submission; the message is its last error.
    """
    config = nbgrader_config(paths)
    converter = _Autograde(coursedir=course_directory(config, unit, student), config=config)
    converter.coursedir.notebook_id = unit
    converter.marks = {student: marked}
    converter.force = True
    with nbgrader_log() as errors:
        try:
            converter.start()
        except NbGraderException as error:
            if any("accessing the nbgrader database" in text for text in errors):
                raise ClassError(
                    f"the gradebook {paths.gradebook} is in use: close formgrader, then run this again"
                ) from error
            raise NbGraderException(_last_line(errors, error)) from error


def recorded_points(paths: CoursePaths, unit: str, student: str) -> dict[str, float | None]:
    """The points that nbgrader's scoring came to, by grade_id."""
    with open_gradebook(paths) as gradebook:
        notebook = gradebook.find_submission_notebook(unit, unit, student)
        return {grade.name: grade.auto_score for grade in notebook.grades}


def record_nothing(paths: CoursePaths, unit: str, student: str) -> None:
    """No automatic points for a submission that nbgrader could not take, marked for a person to look at.

    An earlier attempt's points must not stand for it.
    """
    shutil.rmtree(paths.class_dir / "autograded" / student / unit, ignore_errors=True)
    with quiet_sqlalchemy(), open_gradebook(paths) as gradebook:
        gradebook.update_or_create_submission(unit, student)
        for grade in gradebook.find_submission_notebook(unit, unit, student).grades:
            grade.auto_score, grade.needs_manual_grade = 0, True
        gradebook.db.commit()


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


def assign_penalties(paths: CoursePaths, unit: str, policy: LatePolicy) -> dict[str, float]:
    """Let nbgrader's plugin set the penalty of every submission, from time stamps, due date and extensions.

    Args:
        paths: of the class.
        unit: the assignment.
        policy: what late work loses.

    Returns:
        The penalties that are not 0, by student id.
    """
    config = nbgrader_config(paths)
    policy.configure(config)
    with open_gradebook(paths) as gradebook:
        dates = due_dates(paths, unit, gradebook)
        sync_extensions(gradebook, dates)
        taken = load_collection(paths.class_dir, unit).taken()
        submissions = {one.student.id: one for one in gradebook.assignment_submissions(unit)}
        for student in submissions.keys() & taken.keys():  # a due date may have moved since it was graded
            time = effective_time(taken[student], dates)
            # To the second, as in timestamp.txt: else formgrader takes the submission for one that is not graded yet.
            submissions[student].timestamp = time.astimezone(UTC).replace(tzinfo=None, microsecond=0) if time else None
        gradebook.db.commit()
        students = list(submissions)
    plugin = AssignLatePenalties(config=config)
    with nbgrader_log():
        for student in students:
            names = {"notebook": unit, "assignment": unit, "student": student, "db_url": paths.gradebook}
            plugin.preprocess(new_notebook(), {"nbgrader": names})
    with open_gradebook(paths) as gradebook:
        notebooks = gradebook.notebook_submissions(unit, unit)
        return {one.student.id: one.late_submission_penalty for one in notebooks if one.late_submission_penalty}
