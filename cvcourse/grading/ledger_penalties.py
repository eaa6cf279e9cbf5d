"""Late penalties of a whole class in one session, by nbgrader's own plugins."""

from datetime import UTC

from nbgrader.api import Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from cvcourse.grading.bridge import QUIET
from cvcourse.grading.collect import effective_time
from cvcourse.grading.collection import load_collection
from cvcourse.grading.due import DueDates, due_dates, set_extensions
from cvcourse.grading.ledger_rows import Rows
from cvcourse.paths import CoursePaths


class LateRule:
    """What the configured plugin takes from a late submission.

    Args:
        config: nbgrader's; it names the plugin.
    """

    def __init__(self, config: Config) -> None:
        step = AssignLatePenalties(config=config, log=QUIET)
        step.init_plugin()
        self._plugin = step.plugin_inst

    def penalty(self, student: str, score: float, seconds_late: float) -> float | None:
        """The points to take off, between 0 and the score; None where the plugin says nothing.

        Args:
            student: id.
            score: points before the penalty.
            seconds_late: more than 0.
        """
        penalty = self._plugin.late_submission_penalty(student, score, seconds_late)
        if penalty is None:
            return None
        return 0.0 if penalty < 0 else min(penalty, score)


def assign(paths: CoursePaths, unit: str, gradebook: Gradebook, rows: Rows, rule: LateRule) -> dict[str, float]:
    """Set time stamp, extension and penalty of every submission of a unit, without a commit.

    Returns:
        The penalties that are not 0, by student id.
    """
    dates = due_dates(paths, unit, gradebook)
    submissions = gradebook.assignment_submissions(unit)
    set_extensions(submissions, dates)
    _set_times(paths, submissions, dates)
    notebooks = gradebook.db.query(SubmittedNotebook).filter(SubmittedNotebook.notebook_id == rows.cells.id)
    by_submission = {notebook.assignment_id: notebook for notebook in notebooks}
    scores, penalties = rows.scores(), {}
    for submission in submissions:
        if (notebook := by_submission.get(submission.id)) is None:
            continue
        student, late = submission.student_id, submission.total_seconds_late if dates.due else 0
        penalty = rule.penalty(student, scores[student], late) if late > 0 else None
        notebook.late_submission_penalty = penalty
        if penalty:
            penalties[student] = penalty
    return penalties


def _set_times(paths: CoursePaths, submissions: list[SubmittedAssignment], dates: DueDates) -> None:
    """Time stamps anew: a due date may have moved since a submission was graded."""
    taken = load_collection(paths.class_dir, dates.unit).taken()
    for submission in submissions:
        if (entry := taken.get(submission.student_id)) is None:
            continue
        time = effective_time(entry, dates)
        # To the second, as in timestamp.txt: else formgrader takes the submission for one that is not graded yet.
        submission.timestamp = time.astimezone(UTC).replace(tzinfo=None, microsecond=0) if time else None
