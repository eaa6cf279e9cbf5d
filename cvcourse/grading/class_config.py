"""`nbgrader_config.py` in a class folder: nbgrader and formgrader started there grade behind the same walls.

Without it nbgrader finds no configuration there and would run submissions as the instructor.
"""

import os
import re
from pathlib import Path

from cvcourse.errors import ClassError
from cvcourse.paths import MARKER, CoursePaths

_BEGIN = "# cvcourse: begin. These lines are kept up to date; settings of your own belong below their end."
_END = "# cvcourse: end"
_LINES = """\
import os
from pathlib import Path

_class = Path(__file__).resolve().parent
_checkout = (_class / {checkout!r}).resolve()
_before = os.environ.get("CVCOURSE_CLASS")
os.environ["CVCOURSE_CLASS"] = str(_class)
try:
    import cvcourse.grading.preprocessors

    if not (_checkout / "nbgrader_config.py").is_file():
        raise FileNotFoundError(f"{{_checkout}} holds no course")
    load_subconfig("nbgrader_config.py", path=str(_checkout))
except Exception as error:  # nbgrader would go on without the configuration, and so without walls
    raise SystemExit(f"{{__file__}}: {{error}}: run a command of the course (`cvcourse collect`) on this class again")
finally:
    os.environ.pop("CVCOURSE_CLASS")
    if _before is not None:
        os.environ["CVCOURSE_CLASS"] = _before

c = get_config()
c.CourseDirectory.root = str(_class)
c.CourseDirectory.source_directory = str(_checkout / "solutions")
c.CourseDirectory.release_directory = str(_checkout / "course" / "assignments")
"""
_OURS = re.compile(rf"^{re.escape(_BEGIN)}\n.*?^{re.escape(_END)}\n", re.DOTALL | re.MULTILINE)


def class_config(paths: CoursePaths) -> dict[Path, bytes]:
    """What is to be written so that the class has its configuration: nothing where it is there and as it should be.

    Lines of the instructor's own stay and, standing below, have the last word.

    Raises:
        ClassError: a file of that name cannot be read.
    """
    file = paths.class_dir / MARKER
    if paths.class_dir == paths.root:
        return {}
    try:
        before = file.read_text("utf-8") if file.is_file() else ""
    except (OSError, ValueError) as error:
        raise ClassError(f"{file} cannot be read ({error}): move it away, and run this again") from error
    inside = paths.class_dir.is_relative_to(paths.root)
    checkout = os.path.relpath(paths.root, paths.class_dir) if inside else str(paths.root)
    block = f"{_BEGIN}\n{_LINES.format(checkout=checkout)}{_END}\n"
    after = _OURS.sub(lambda _: block, before, count=1) if _OURS.search(before) else block + before
    return {} if after == before else {file: after.encode()}
