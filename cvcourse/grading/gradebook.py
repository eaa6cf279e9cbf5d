"""Opening nbgrader's gradebook of a class, with one line for the ways in which that fails."""

import contextlib
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from cvcourse.errors import ClassError
from cvcourse.paths import CoursePaths

COURSE_ID = "cvcourse"
WAIT_SECONDS = 3.0
_DISK = ("disk is full", "disk I/O error", "readonly database", "unable to open database file")


def _sqlite_file(address: str) -> Path | None:
    prefix = "sqlite:///"
    return Path(address[len(prefix) :].split("?")[0]) if address.startswith(prefix) else None


def _in_use(gradebook: Path | str) -> str:
    return f"the gradebook {gradebook} is in use: close formgrader or the other cvcourse command, then run this again"


def _check_free(file: Path) -> None:
    """Take and give back SQLite's write lock, because nbgrader would report a locked file from deep inside a commit."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(file, timeout=WAIT_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except OSError as error:
        raise ClassError(f"cannot make {file.parent}: {error.strerror}; choose another --class folder") from error
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise ClassError(_in_use(file)) from error
        raise ClassError(f"the gradebook {file} cannot be opened for writing: {error}") from error
    except sqlite3.DatabaseError as error:
        raise ClassError(f"{file} is not a gradebook ({error}); restore it from a backup or move it away") from error


def _put_alembic_on_path() -> None:
    """nbgrader starts the program `alembic` by its bare name when it makes a new gradebook."""
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])


@contextlib.contextmanager
def one_line_refusals(address: str) -> Iterator[None]:
    """Turn what the database refuses into one line.

    Raises:
        ClassError: in place of SQLAlchemy's and nbgrader's errors.
    """
    from nbgrader.api import InvalidEntry
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, InvalidEntry) as error:
        why = str(error).splitlines()[0]
        if "database is locked" in why:
            raise ClassError(_in_use(address)) from error
        if any(sign in why for sign in _DISK):
            what = re.sub(r"^\([\w.]+\) ", "", why)
            raise ClassError(
                f"cannot write the gradebook {address}: {what}; make room or mend the disk, then run the same command "
                "again: what was entered before stays"
            ) from error
        raise ClassError(f"the gradebook {address} refused: {why}; nothing more was written") from error


@contextlib.contextmanager
def open_gradebook(paths: CoursePaths) -> Iterator:
    """nbgrader's `Gradebook` of this class; it is made where there is none yet.

    Raises:
        ClassError: it is in use, cannot be written, is no gradebook, or nbgrader is not installed.
    """
    file = _sqlite_file(paths.gradebook)
    if file is not None:
        _check_free(file)
    _put_alembic_on_path()
    try:
        from nbgrader.api import Gradebook
    except ImportError as error:
        raise ClassError(
            f"{error.name} is missing: install the instructor's tools, `pip install cvcourse[grading]`"
        ) from error
    with one_line_refusals(paths.gradebook), Gradebook(paths.gradebook, COURSE_ID) as gradebook:
        yield gradebook
