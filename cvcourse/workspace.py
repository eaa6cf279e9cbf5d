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
OUTPUT = ("name", "text", "data", "ename", "evalue")  # what of an output is its content
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
    `NAME.new-release.ipynb`, once a release. A notebook counts as changed when a cell or an output is; JupyterLab
    rewrites the other metadata of a notebook that was only looked at.

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
        manifest.put(release, name)
        result.added.append(name)
        return
    if not target.is_file():
        raise CourseError(f"{target} is not a file: move it away, then start again")
    if _sha256(target) == new:
        manifest.note(release, name)
    elif manifest.untouched(name):
        if manifest.placed[name] != new:
            manifest.put(release, name)
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
        if not os.path.lexists(target) or (target.is_file() and manifest.untouched(beside)):
            break
        number += 1
    manifest.put(release, beside)
    return beside


def _copy(source: Path, target: Path) -> None:
    """Copy so that the target is at no time half a file. The copy can be written, whatever the source's mode."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    os.replace(part, target)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _content(path: Path) -> str:
    """A hash of what a reader makes in a file: of a notebook its cells and their outputs, else every byte."""
    data = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = [_cell(cell) for cell in json.loads(data)["cells"]]
        except (ValueError, KeyError, TypeError, AttributeError):
            pass  # no notebook: every byte counts
        else:
            data = json.dumps(cells, sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()


def _cell(cell: dict) -> list:
    outputs = [[output["output_type"], *(_text(output.get(k)) for k in OUTPUT)] for output in cell.get("outputs", [])]
    return [cell["cell_type"], _text(cell["source"]), outputs, cell.get("attachments")]


def _text(value):
    """`value` with lists of lines joined: a notebook may hold a text either way."""
    if isinstance(value, dict):
        return {key: _text(item) for key, item in value.items()}
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    return value.strip() if isinstance(value, str) else value


class _Manifest:
    """What was put into the workspace, by path.

    `placed` holds the hash of the file, `content` that of what a reader makes in it (see `_content`), and `offered`, by
    the path of a file of the reader's own, the hash of the release that was put beside it. A manifest that cannot be
    read counts as empty: every file that differs from its release is then the reader's.
    """

    PARTS = ("placed", "content", "offered")

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.path = workspace / STATE / "manifest.json"
        try:
            state = json.loads(self.path.read_text(encoding="utf-8"))
            self.placed, self.content, self.offered = (dict(state[part]) for part in self.PARTS)
        except (OSError, ValueError, KeyError, TypeError):
            self.placed, self.content, self.offered = {}, {}, {}

    def put(self, release: Path, name: str) -> None:
        """Copy a release into the workspace and note it."""
        _copy(release, self.workspace / name)
        self.note(release, name)

    def note(self, release: Path, name: str) -> None:
        """Note that the file `name` is this release."""
        self.placed[name], self.content[name] = _sha256(release), _content(release)

    def untouched(self, name: str) -> bool:
        """Whether the reader has changed nothing in the file `name` since it was put there."""
        return name in self.placed and _content(self.workspace / name) == self.content.get(name)

    def save(self) -> None:
        """Write the manifest in one step."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps({name: getattr(self, name) for name in self.PARTS}, indent=1), encoding="utf-8")
        os.replace(part, self.path)
