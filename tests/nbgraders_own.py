"""nbgrader's own steps on executed notebooks, one submission at a time: what the ledger is compared with."""

import shutil
from datetime import UTC
from unittest.mock import patch

from nbformat.v4 import new_notebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import AssignLatePenalties

from cvcourse.grading import nbgrader_marking
from cvcourse.grading.bridge import LatePolicy, course_directory, nbgrader_config, nbgrader_log, quiet_sqlalchemy
from cvcourse.grading.collect import effective_time
from cvcourse.grading.collection import load_collection
from cvcourse.grading.due import due_dates, sync_extensions
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.marking import Marked
from cvcourse.paths import CoursePaths


def autograde(paths: CoursePaths, unit: str, student: str, marked: Marked) -> None:
    """`nbgrader autograde` for one student; in place of kernels there is the notebook that they would give.

    Raises:
        NbGraderException: nbgrader fails on this submission; the message is all that it logged.
    """
    config = nbgrader_config(paths)
    converter = Autograde(coursedir=course_directory(config, unit, student), config=config)
    converter.coursedir.notebook_id = unit
    converter.force = True
    with nbgrader_log() as errors, patch.object(nbgrader_marking, "mark_for_nbgrader", lambda *_: marked):
        try:
            converter.start()
        except NbGraderException as error:
            raise NbGraderException("\n".join(errors)) from error


def recorded_points(paths: CoursePaths, unit: str, student: str) -> dict[str, float | None]:
    """The points that nbgrader's scoring came to, by grade_id."""
    with open_gradebook(paths) as gradebook:
        notebook = gradebook.find_submission_notebook(unit, unit, student)
        return {grade.name: grade.auto_score for grade in notebook.grades}


def record_nothing(paths: CoursePaths, unit: str, student: str) -> None:
    """No automatic points, and a person is to look."""
    shutil.rmtree(paths.class_dir / "autograded" / student / unit, ignore_errors=True)
    with quiet_sqlalchemy(), open_gradebook(paths) as gradebook:
        gradebook.update_or_create_submission(unit, student)
        for grade in gradebook.find_submission_notebook(unit, unit, student).grades:
            grade.auto_score, grade.needs_manual_grade = 0, True
        gradebook.db.commit()


def assign_penalties(paths: CoursePaths, unit: str, policy: LatePolicy) -> dict[str, float]:
    """nbgrader's late-penalty step for every submission, after time stamps and extensions were brought up to date."""
    config = nbgrader_config(paths)
    policy.configure(config)
    with open_gradebook(paths) as gradebook:
        dates = due_dates(paths, unit, gradebook)
        sync_extensions(gradebook, dates)
        taken = load_collection(paths.class_dir, unit).taken()
        submissions = {one.student.id: one for one in gradebook.assignment_submissions(unit)}
        for student in submissions.keys() & taken.keys():
            time = effective_time(taken[student], dates)
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
