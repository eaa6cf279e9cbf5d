"""The files of one submission in `autograded/`: all take their places, or the folder is as it was."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from cvcourse.grading.store import cannot_write


class Swap:
    """New files for a folder, made ready in a stage on the same disk.

    Args:
        folder: where the files belong; it is made when they take their places.
        stage: an empty folder for what is made ready and for what is replaced.
    """

    def __init__(self, folder: Path, stage: Path) -> None:
        self.folder, self._stage = folder, stage
        self._ready: dict[Path, Path] = {}
        self._undo: list[tuple[Path, Path | None]] = []
        self._made: list[Path] = []

    def prepare(self, files: Mapping[Path, bytes | Path]) -> None:
        """Write each file, or copy it, by its path relative to the folder.

        Raises:
            ClassError: one cannot be read or written; nothing in the folder has changed.
        """
        name = self.folder
        try:
            for name, content in files.items():
                part = self._ready[self.folder / name] = self._stage / f"{len(self._ready)}.new"
                if isinstance(content, bytes):
                    part.write_bytes(content)
                else:
                    shutil.copy(content, part)
        except OSError as error:
            raise cannot_write(self.folder / name, error) from error

    def put(self) -> None:
        """Give every file its place; what was there is kept until the end.

        Raises:
            ClassError: a file cannot be put there; call `undo`.
        """
        place = self.folder
        try:
            for place, part in self._ready.items():
                self._make(place.parent)
                self._undo.append((place, self._keep(place)))
                os.replace(part, place)
        except OSError as error:
            raise cannot_write(place, error) from error

    def _make(self, folder: Path) -> None:
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            one.mkdir()
            self._made.append(one)

    def _keep(self, place: Path) -> Path | None:
        """A second name for the file that is to be replaced, or a copy where the disk has no hard links."""
        if not place.exists():
            return None
        kept = self._stage / f"{len(self._undo)}.old"
        try:
            os.link(place, kept)
        except OSError:
            shutil.copy2(place, kept)
        return kept

    def undo(self) -> None:
        """Bring back what `put` replaced, and take away what it added."""
        for place, kept in reversed(self._undo):
            with contextlib.suppress(OSError):
                if kept is None:
                    place.unlink(missing_ok=True)
                else:
                    os.replace(kept, place)
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def clear(self) -> None:
        """Empty the stage of what was made ready or replaced."""
        for file in (*self._ready.values(), *(kept for _, kept in self._undo if kept)):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)


@contextlib.contextmanager
def moved_away(folder: Path, stage: Path) -> Iterator[None]:
    """Take a folder away; it is deleted at the end, or back in its place after an error.

    Raises:
        ClassError: it cannot be moved.
    """
    kept = stage / "taken away"
    shutil.rmtree(kept, ignore_errors=True)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.replace(folder, kept)
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        yield
    except BaseException:
        if kept.exists():
            os.replace(kept, folder)
        raise
    shutil.rmtree(kept, ignore_errors=True)
