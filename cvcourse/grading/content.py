"""Looking at a file that was handed in: is it a notebook, can it be read, do its cells belong to the unit."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cvcourse.grading.collection import Fits, Kind
from cvcourse.grading.submission import BrokenNotebook, decode, read_submission
from cvcourse.paths import CoursePaths

# Browsers and mail programs put another ending behind the one that they do not know.
_NOTEBOOK_NAME = re.compile(r"\.ipynb(\.(txt|json))?$", re.IGNORECASE)


@dataclass(frozen=True)
class Look:
    """What a file turned out to be.

    Attributes:
        kind: `notebook` by its name or content, or `other`.
        problem: why it does not count (for `other`) or cannot be read (for `notebook`), empty if it can.
        grade_ids: nbgrader's ids of its cells.
        text: the notebook's JSON as UTF-8 without a byte order mark.
    """

    kind: Kind
    problem: str = ""
    grade_ids: frozenset[str] = frozenset()
    text: bytes = b""


def is_zip_name(name: str) -> bool:
    """Whether a file is to be opened as a student's own zip."""
    return name.lower().endswith(".zip")


def is_notebook_name(name: str) -> bool:
    """Whether a file is a notebook by its name."""
    return bool(_NOTEBOOK_NAME.search(name))


def look_at(name: str, data: bytes) -> Look:
    """Tell what `data`, a file called `name`, is. Never raises because of its content."""
    if not is_notebook_name(name):
        suffix = Path(name).suffix.lower()
        return Look("other", f"is a {suffix} file, not a notebook (.ipynb)" if suffix else "is not a notebook (.ipynb)")
    try:
        notebook, _ = read_submission(data)  # by grading's own reader, so that what it takes is taken here
    except BrokenNotebook as error:
        return Look("notebook", _problem(data, error), text=data)
    return Look("notebook", "", grade_ids(notebook), decode(data).encode("utf-8", "surrogatepass"))


def _problem(data: bytes, error: BrokenNotebook) -> str:
    """The reader's reason, and where the bytes are no JSON at all what they are instead."""
    cause = error.__context__
    if isinstance(cause, RecursionError):
        return "is JSON nested too deeply for a notebook"
    return _json_problem(data, cause) if isinstance(cause, UnicodeDecodeError | json.JSONDecodeError) else str(error)


def _json_problem(data: bytes, error: UnicodeDecodeError | json.JSONDecodeError) -> str:
    if not data.strip(b" \t\r\n\x00"):
        return "is empty"
    if data.startswith(b"PK\x03\x04"):
        return "is a zip file under a notebook's name"
    if data.lstrip()[:15].lower().startswith((b"<!doctype", b"<html")):
        return "is a web page, not a notebook: it was saved from the browser instead of downloaded"
    if re.search(rb"^(<{7}|>{7}) ", data, re.MULTILINE):
        return "holds the marks of a merge conflict, so it is no valid JSON"
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 text (byte {error.start})"
    return f"is no valid JSON (line {error.lineno}: {error.msg})"


def grade_ids(notebook: dict) -> frozenset[str]:
    """nbgrader's ids of a notebook's cells."""
    ids = set()
    for cell in notebook.get("cells", []):
        metadata = cell.get("metadata")
        marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
        if isinstance(grade_id, str):
            ids.add(grade_id)
    return frozenset(ids)


@lru_cache(maxsize=32)
def _released_ids(path: Path) -> frozenset[str]:
    try:
        return grade_ids(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError):
        return frozenset()


def fits_unit(ids: frozenset[str], paths: CoursePaths, unit: str) -> Fits:
    """Whether cells with these ids belong to the unit; the released notebooks are what it is compared with."""
    shared = {name: len(ids & _released_ids(paths.release / name / f"{name}.ipynb")) for name in paths.units()}
    if not ids or not any(shared.values()):
        # Ids that no released notebook has, while this unit has some, are those of another course.
        released = _released_ids(paths.release / unit / f"{unit}.ipynb")
        return "another" if ids and released else "unknown"
    return "unit" if shared.get(unit, 0) == max(shared.values()) else "another"


def name_fits(name: str, unit: str) -> bool:
    """Whether a file name begins with the unit's, as `01_convolutions (1).ipynb` does."""
    return name.casefold().startswith(unit.casefold())


def stem_without_copy(name: str) -> str:
    """A file name without ending and without the number of a copy: `a-2.ipynb`, `a (1).ipynb` and `a.ipynb` agree."""
    stem = _NOTEBOOK_NAME.sub("", name).casefold()
    return re.sub(r"([-_ +]*\(\d+\)|[- ]+\d+|[-_ ]+copy\d*)+$", "", stem).strip()
