"""`cvcourse release`: the due date goes into the gradebook, the notebook and a student bundle into a folder."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cvcourse.errors import ClassError, CourseError
from cvcourse.grading.assignment import Assignment
from cvcourse.grading.bundle import digest, make_bundle, refuse_secrets
from cvcourse.grading.class_config import class_config
from cvcourse.grading.collect import refresh_timestamps
from cvcourse.grading.due import due_dates, set_due, show_date, sync_extensions
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.grading.roster import load_roster
from cvcourse.grading.store import read_json, write_all, write_json
from cvcourse.paths import CoursePaths


@dataclass
class Released:
    """What a call of `cvcourse release` wrote.

    Attributes:
        notebook: the released notebook, as it is in the course.
        bundle: the zip for students.
        due: ISO 8601, or None where the unit has no due date.
        changed_since: when a different notebook of this unit was released before, empty otherwise.
    """

    unit: str
    notebook: Path
    bundle: Path
    due: str | None
    changed_since: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def release(paths: CoursePaths, unit: str, due: datetime | None = None, out: Path | None = None) -> Released:
    """Hand out one unit: its notebook and bundle go to `out` (default: `released/UNIT` in the class folder).

    Raises:
        CourseError: the notebooks are not built or out of step, a class elsewhere has no roster, or a folder or the
            gradebook cannot be written.
    """
    if paths.class_dir != (paths.root / "class").resolve():
        load_roster(paths.class_dir)  # refused where there is none: most often the folder's name is misspelt
    refuse_out_of_step(paths, unit)
    folder = (out or paths.class_dir / "released" / unit).expanduser().resolve()
    notebook = (paths.release / unit / f"{unit}.ipynb").read_bytes()
    refuse_secrets(f"{unit}.ipynb", notebook.decode("utf-8"))
    with open_gradebook(paths) as gradebook:
        dates = due_dates(paths, unit, gradebook)
        dates.due = due or dates.due
        note = f" It is due {show_date(dates.due)}." if dates.due else ""
        bundle = make_bundle(paths, unit, lectures_of(paths, unit), note)
        target = folder / f"{unit}_bundle.zip"
        write_all({folder / f"{unit}.ipynb": notebook, target: bundle} | class_config(paths))
        if due is not None:
            set_due(gradebook, unit, due)
            sync_extensions(gradebook, dates)
            refresh_timestamps(paths, unit, dates)
    shown = dates.due.isoformat() if dates.due else None
    return Released(unit, folder / f"{unit}.ipynb", target, shown, _remember(paths, unit, digest(notebook)))


def lectures_of(paths: CoursePaths, unit: str) -> list[Path]:
    """The built lectures of a unit: those that share its number."""
    number = unit.split("_")[0]
    return sorted(path for path in (paths.course / "lectures").glob("*.ipynb") if path.stem.split("_")[0] == number)


def refuse_out_of_step(paths: CoursePaths, unit: str) -> None:
    """Refuse to hand out notebooks that do not come from their source as it is now.

    Raises:
        ClassError: some are missing or out of step.
    """
    from cvcourse.build import pipeline
    from cvcourse.build.notebook import read
    from cvcourse.build.source import load, sources

    found = []
    for source in sources(paths):
        if source.name.split("_")[0] != unit.split("_")[0]:
            continue
        try:
            # Which budget the outputs came from is the author's business, not a reason against handing out.
            budget = read(source.executed).metadata.get("cvcourse", {}).get("budget", "cpu")
        except (OSError, CourseError):
            budget = "cpu"
        found += pipeline.findings(source, load(source), budget)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise ClassError(f"{found[0].path} is out of step: {found[0].reason}{more}; run `cvcourse build {unit}` first")


def refuse_old_tests(paths: CoursePaths, assignment: Assignment) -> None:
    """Refuse to grade with the tests of a notebook whose source is another one by now; without a source all is well.

    Raises:
        ClassError: the source was changed and not built.
    """
    from cvcourse.build.source import ASSIGNMENT, Source, digest

    source = Source(paths, ASSIGNMENT, assignment.unit)
    built_from = assignment.source.metadata.get("cvcourse", {}).get("sha256")
    there = source.path.is_file() and (paths.root / "pyproject.toml").is_file()
    if built_from and there and built_from != digest(source):
        built = source.executed.relative_to(paths.root).as_posix()
        reason = f"{source.label} changed since it was built"
        raise ClassError(f"{built} is out of step: {reason}; run `cvcourse build {assignment.unit}` first")


def _remember(paths: CoursePaths, unit: str, sha256: str) -> str:
    """Keep what was released when; gives the day on which another version was."""
    path = paths.class_dir / "released" / f"{unit}.json"
    history = read_json(path, {"unit": unit, "releases": []})
    releases = history["releases"]
    before = releases[-1] if releases else None
    if before is None or before["sha256"] != sha256:
        releases.append({"sha256": sha256, "time": datetime.now(UTC).isoformat(timespec="seconds")})
        write_json(path, history)
    return before["time"] if before and before["sha256"] != sha256 else ""
