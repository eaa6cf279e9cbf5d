"""Where things lie in a checkout of the course."""

import os
from dataclasses import dataclass
from pathlib import Path

from cvcourse.errors import CourseError

MARKER = "nbgrader_config.py"


@dataclass(frozen=True)
class CoursePaths:
    """The folders of one checkout, and of the class that is taught from it."""

    root: Path
    class_dir: Path

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def solutions(self) -> Path:
        return self.root / "solutions"

    @property
    def course(self) -> Path:
        return self.root / "course"

    @property
    def release(self) -> Path:
        """nbgrader's release directory."""
        return self.course / "assignments"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def gradebook(self) -> str:
        """The gradebook's SQLAlchemy address: `CVCOURSE_GRADEBOOK`, else a SQLite file in the class folder."""
        return os.environ.get("CVCOURSE_GRADEBOOK") or f"sqlite:///{self.class_dir / 'gradebook.db'}"

    def units(self) -> list[str]:
        """The units that have an assignment, in order, such as `01_convolutions`."""
        return sorted(path.stem for path in (self.source / "assignments").glob("*.py"))

    def unit(self, name: str) -> str:
        """The full name of a unit given as `01_convolutions`, `01` or `convolutions`.

        Raises:
            CourseError: no unit or several units fit; the message lists those there are.
        """
        units = self.units()
        fits = [unit for unit in units if name == unit] or [unit for unit in units if name in unit.split("_", 1)]
        if len(fits) != 1:
            raise CourseError(f"no unit is called {name!r}; the units are: {', '.join(units) or '(none)'}")
        return fits[0]


def find_root(start: Path | None = None) -> Path:
    """The root of the checkout that holds `start` (default: the working folder; `CVCOURSE_ROOT` stands above both).

    Raises:
        CourseError: there is no checkout here.
    """
    if os.environ.get("CVCOURSE_ROOT"):
        start = Path(os.environ["CVCOURSE_ROOT"])
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / MARKER).is_file() and (folder / "source").is_dir():
            return folder
    raise CourseError(f"{start} is not inside a checkout of the course: run this in the folder that holds {MARKER}")


def course_paths(class_dir: Path | str | None = None, start: Path | None = None) -> CoursePaths:
    """The paths of this checkout. The class lies in `class_dir`, else in `CVCOURSE_CLASS`, else in `class/`."""
    root = find_root(start)
    folder = Path(class_dir or os.environ.get("CVCOURSE_CLASS") or root / "class")
    return CoursePaths(root=root, class_dir=folder.expanduser().resolve())
