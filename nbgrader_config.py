"""nbgrader's configuration: where this course keeps its notebooks and its class, and limits that suit torch."""

import os
from pathlib import Path

c = get_config()  # noqa: F821  (nbgrader defines it)

root = Path(__file__).resolve().parent
class_dir = Path(os.environ.get("CVCOURSE_CLASS") or root / "class").expanduser().resolve()

c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = "cvcourse"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "course/assignments"
c.CourseDirectory.submitted_directory = str(class_dir / "submitted")
c.CourseDirectory.autograded_directory = str(class_dir / "autograded")
c.CourseDirectory.feedback_directory = str(class_dir / "feedback")
c.CourseDirectory.db_url = os.environ.get("CVCOURSE_GRADEBOOK") or f"sqlite:///{class_dir / 'gradebook.db'}"
c.Exchange.root = str(class_dir / "exchange")

# Imports alone can take half a minute on a loaded machine, and a time-out there costs the whole submission.
c.ExecutePreprocessor.timeout = 120
c.ExecutePreprocessor.iopub_timeout = 15
c.ExecutePreprocessor.shutdown_kernel = "immediate"
c.OverwriteCells.add_missing_cells = True

# Grading runs each notebook so that a bad cell costs that cell only; `nbgrader autograde` and formgrader's button too.
c.Autograde.exporter_class = "cvcourse.grading.preprocessors.SubmissionExporter"
c.Autograde.sanitize_preprocessors = [
    "cvcourse.grading.preprocessors.Mark",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "cvcourse.grading.preprocessors.RequireEvidence",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Feedback shows what a test said, never the text of a hidden one, and loads nothing from anywhere.
c.GenerateFeedback.exporter_class = "cvcourse.grading.feedback.FeedbackExporter"
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "cvcourse.grading.feedback.FeedbackView",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
