"""A reader's own copy of the course: new releases come in, and what the reader changed is never overwritten."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cvcourse.errors import CourseError

STATE = ".cvcourse"
SKIPPED = {".ipynb_checkpoints", "__pycache__", STATE}


@dataclass
class Update:
    """What an update did. All paths are relative to the workspace.

    Attributes:
        added: files that were not there before.
        updated: files that the reader had not changed, now the newer release.
        beside: from a file that the reader changed to the newer release put beside it.
        kept: how many files the reader changed, for which there is nothing newer.
    """

    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)
    kept: int = 0

    def lines(self) -> list[str]:
        """The update in words, one line each; empty where nothing changed."""
        said = []
        if self.added:
            said.append(f"{len(self.added)} files are new: {_some(self.added)}")
        if self.updated:
            said.append(
                f"{len(self.updated)} files that you had not changed are now the newer release: {_some(self.updated)}"
            )
        said += [
            f"{mine} has a newer release. Yours is as it was; the new one is {new}" for mine, new in self.beside.items()
        ]
        return said


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def update(course: Path, workspace: Path) -> Update:
    """Bring the files of `course` into `workspace`.

    A manifest of hashes in `workspace/.cvcourse` tells which files are still as they were put there. Those follow the
    course; a file with any other content is the reader's and stays, and a newer release of it is put beside it as
    `NAME.new-release.ipynb`, once a release.

    Raises:
        CourseError: there is no built course, or something else stands where a file should go.
    """
    releases = dict(_files(course))
    if not releases:
        raise CourseError(f"{course} holds no notebooks: build them with `cvcourse build`")
    workspace.mkdir(parents=True, exist_ok=True)
    manifest = _Manifest(workspace)
    result = Update()
    for name, release in releases.items():
        _place(name, release, workspace, manifest, result)
        manifest.save()  # after each file: an interruption must not turn ours into the reader's
    return result


def _files(course: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(course.rglob("*")):
        relative = path.relative_to(course)
        if path.is_file() and not SKIPPED.intersection(relative.parts):
            yield relative.as_posix(), path


def _place(name: str, release: Path, workspace: Path, manifest: "_Manifest", result: Update) -> None:
    """Bring one file in; what happened is added to `result`."""
    target, new = workspace / name, _sha256(release)
    if not os.path.lexists(target):
        _copy(release, target)
        manifest.placed[name] = new
        result.added.append(name)
        return
    if not target.is_file():
        raise CourseError(f"{target} is not a file: move it away, then start again")
    current = _sha256(target)
    if current == new:
        manifest.placed[name] = new
    elif current == manifest.placed.get(name):
        _copy(release, target)
        manifest.placed[name] = new
        result.updated.append(name)
    elif new in (manifest.placed.get(name), manifest.offered.get(name)):
        result.kept += 1
    else:
        result.beside[name] = _put_beside(name, release, workspace, manifest)
        manifest.offered[name] = new


def _put_beside(name: str, release: Path, workspace: Path, manifest: "_Manifest") -> str:
    """Copy a release beside the reader's file, over an earlier one only if the reader left that alone."""
    path = Path(name)
    number = 1
    while True:
        extra = "" if number == 1 else f"-{number}"
        beside = path.with_name(f"{path.stem}.new-release{extra}{path.suffix}").as_posix()
        target = workspace / beside
        if not os.path.lexists(target) or (target.is_file() and _sha256(target) == manifest.placed.get(beside)):
            break
        number += 1
    _copy(release, target)
    manifest.placed[beside] = _sha256(release)
    return beside


def _copy(source: Path, target: Path) -> None:
    """Copy so that the target is at no time half a file. The copy can be written, whatever the source's mode."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    os.replace(part, target)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class _Manifest:
    """Hashes of what was put into the workspace: `placed` by path, `offered` by the path of the reader's own file.

    A manifest that cannot be read counts as empty: every file that differs from its release is then the reader's.
    """

    def __init__(self, workspace: Path) -> None:
        self.path = workspace / STATE / "manifest.json"
        try:
            state = json.loads(self.path.read_text(encoding="utf-8"))
            self.placed, self.offered = dict(state["placed"]), dict(state["offered"])
        except (OSError, ValueError, KeyError, TypeError):
            self.placed, self.offered = {}, {}

    def save(self) -> None:
        """Write the manifest in one step."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps({"placed": self.placed, "offered": self.offered}, indent=1), encoding="utf-8")
        os.replace(part, self.path)
