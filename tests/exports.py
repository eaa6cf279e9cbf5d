"""Classes and exports of learning platforms for the tests of roster, collect, release and extend."""

import contextlib
import io
import json
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from cvcourse.cli import main
from cvcourse.grading.gradebook import open_gradebook
from cvcourse.paths import CoursePaths
from tests.tiny_course import UNIT, as_bytes, handed_in, make_course

EVENING = (2026, 11, 30, 20, 0, 0)
CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Tiny (881)
    Points Possible,,,,,10
"Lovelace, Ada",12,u12,ada@example.org,CV A,
"Hopper, Grace",13,u13,grace@example.org,CV A,
"Noether, Emmy",14,u14,emmy@example.org,CV B,
"Student, Test",99,,0815,CV A,
"""
MOODLE = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed
Participant 501,Ada Lovelace,ada@example.org,Submitted,,10.00,Yes
Participant 502,Grace Hopper,grace@example.org,Submitted,,10.00,Yes
Participant 503,Émilie du Châtelet,emilie@example.org,No submission,,10.00,Yes
"""
PLAIN = "id,name,email\nada,Ada Lovelace,ada@example.org\ngrace,Grace Hopper,grace@example.org\nemmy,Emmy Noether,\n"


@cache
def _gradebook() -> bytes:
    """An empty gradebook; making one takes seconds, because nbgrader starts alembic."""
    with tempfile.TemporaryDirectory() as folder:
        paths = CoursePaths(Path(folder), Path(folder))
        with open_gradebook(paths):
            pass
        return (Path(folder) / "gradebook.db").read_bytes()


def empty_gradebook(paths: CoursePaths) -> None:
    """Put an empty gradebook into a class folder."""
    paths.class_dir.mkdir(exist_ok=True)
    (paths.class_dir / "gradebook.db").write_bytes(_gradebook())


def make_class(folder: Path, roster: str | bytes | None = CANVAS) -> CoursePaths:
    """A checkout of the tiny course with a class in it whose roster was read from `roster`."""
    from cvcourse.grading.enrol import enrol

    root = make_course(folder / "checkout")
    paths = CoursePaths(root, root / "class")
    empty_gradebook(paths)
    if roster is not None:
        enrol(paths, write(folder / "roster_in.csv", roster))
    return paths


def write(path: Path, content: str | bytes) -> Path:
    """Write a file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def work(mark: str = "") -> bytes:
    """A notebook of the unit; another mark, another content."""
    return as_bytes(handed_in(double=f"def double(x):\n    return x + x  # {mark}"))


def bare(text: str = "1 + 1") -> bytes:
    """A notebook without a trace of nbgrader."""
    cell = {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def zipped(path: Path, files: dict[str, bytes], time: tuple = EVENING, **info) -> Path:
    """A zip with these members; `info` sets attributes of every member."""
    path.write_bytes(zip_bytes(files, time, **info))
    return path


def zip_bytes(files: dict[str, bytes], time: tuple = EVENING, **info) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, time)
            member.compress_type = zipfile.ZIP_DEFLATED
            for key, value in info.items():
                setattr(member, key, value)
            archive.writestr(member, data)
    return packed.getvalue()


def canvas_name(who: str, number: int, upload: int, name: str = f"{UNIT}.ipynb", late: bool = False) -> str:
    return f"{who}{'_LATE' if late else ''}_{number}_{upload}_{name}"


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder; SQLite touches its own file even for a lock that is given back."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("gradebook.db"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def run_cli(monkeypatch, paths: CoursePaths, *arguments: object) -> tuple[int, str, str]:
    """Run the command line in this process; gives exit code, stdout, stderr."""
    monkeypatch.setenv("CVCOURSE_ROOT", str(paths.root))
    monkeypatch.setenv("CVCOURSE_CLASS", str(paths.class_dir))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["cvcourse", *map(str, arguments)])
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
    return code, out.getvalue(), err.getvalue()
