"""Writing into a class folder so that a file is there whole or not at all."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cvcourse.errors import ClassError


def write_bytes(path: Path, data: bytes, mode: int = 0o644) -> Path:
    """Write `data` to `path` through a temporary file beside it, so that a full disk leaves the old file as it was.

    Raises:
        ClassError: the folder cannot be made or written.
    """
    write_all({path: data}, mode)
    return path


def write_all(files: dict[Path, bytes], mode: int = 0o644) -> None:
    """Write several files: all are on the disk under temporary names before the first one takes its place.

    Raises:
        ClassError: a folder cannot be made or written; every file is as it was.
    """
    parts: dict[Path, Path] = {}
    path = Path()
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
            parts[path] = Path(part)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(part, mode)
        for path, part in parts.items():
            os.replace(part, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> ClassError:
    """The one line for a write that failed."""
    why = error.strerror or str(error)
    return ClassError(f"cannot write {path}: {why}; nothing was changed: mend that and run the command again")


def write_json(path: Path, data: Any, mode: int = 0o644) -> Path:
    """Write `data` as JSON, whole or not at all."""
    return write_bytes(path, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode("utf-8"), mode)


def read_json(path: Path, default: Any = None) -> Any:
    """What `write_json` wrote, or `default` where there is no such file.

    Raises:
        ClassError: the file is not JSON.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return default
    except ValueError as error:
        raise ClassError(f"{path} is damaged ({error}); restore it from a backup or move it away") from error


@contextlib.contextmanager
def only_writer(class_dir: Path) -> Iterator[None]:
    """Be the one program that writes a class's grades; a second one is refused. The lock ends with the process.

    Raises:
        ClassError: another one is at it, or the folder cannot be written.
    """
    path = class_dir / ".grading"
    try:
        class_dir.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise cannot_write(path, error) from error
    with file:
        try:
            _lock(file.fileno())
        except OSError:
            raise ClassError(
                f"{class_dir} is being graded by another run: wait for its end, or stop it; what it has graded stays"
            ) from None
        yield


def _lock(descriptor: int) -> None:
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def staging(folder: Path, name: str = "") -> Iterator[Path]:
    """A temporary folder inside `folder`, on the same disk, gone at the end.

    With a `name` it is always the same one: what a killed run left in it is taken away first.

    Raises:
        ClassError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if name:
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / name).mkdir()
        stage = folder / name if name else Path(tempfile.mkdtemp(dir=folder, prefix=".stage-"))
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)
