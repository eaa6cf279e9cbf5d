"""What attacks by a whole notebook are after, and what they got: secrets, a server, other people's files."""

import contextlib
import importlib
import pkgutil
import secrets
import selectors
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tests.attacks import notebooks
from tests.attacks.notebook_course import POINTS, RIGHT, UNIT, ZEROS, as_bytes, handed_in, solved

SECRETS = ("solution", "hidden test", "gradebook", "other submission", "environment")
VARIABLE = "CVCOURSE_PLATFORM_TOKEN"
"""The environment variable that holds the secret of the environment."""
OTHER = "zoe"
"""The honest student in the same class, who is graded last."""


def attacks() -> dict[str, ModuleType]:
    """All attacks by name."""
    found = pkgutil.iter_modules(notebooks.__path__)
    return {one.name: importlib.import_module(f"{notebooks.__name__}.{one.name}") for one in found}


class Listener:
    """A server on the loopback with a port for each attack, which counts who connects and keeps what was sent."""

    def __init__(self) -> None:
        self.heard: dict[str, bytes] = {}
        self._selector = selectors.DefaultSelector()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()

    def port(self, name: str) -> int:
        """A port of its own for the attack."""
        server = socket.create_server(("127.0.0.1", 0))
        server.setblocking(False)
        self._selector.register(server, selectors.EVENT_READ, name)
        return server.getsockname()[1]

    def _loop(self) -> None:
        while not self._stopped.is_set():
            for key, _ in self._selector.select(0.1):
                with contextlib.suppress(OSError):
                    connection, _ = key.fileobj.accept()
                    with connection:
                        connection.settimeout(1)
                        self.heard[key.data] = self.heard.get(key.data, b"") + b"hello " + connection.recv(100_000)


@dataclass
class Found:
    """What an attack got.

    Attributes:
        points: earned by nothing.
        read: the kinds of secrets that came out.
        network: whether it reached the server.
        changed: files outside its own submission that it wrote to.
        left: processes that were there after the end.
        stopped: whether the honest student of the class did not get the points that are due.
    """

    points: float = 0.0
    read: list[str] = field(default_factory=list)
    network: bool = False
    changed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    stopped: bool = False

    def __bool__(self) -> bool:
        return bool(self.points or self.read or self.network or self.changed or self.left or self.stopped)


def new_secrets() -> dict[str, str]:
    """A text of each kind that nobody can guess."""
    return {kind: f"secret-{secrets.token_hex(8)}" for kind in SECRETS}


class Scene:
    """One place for attacks: a folder `course` (the class inside it), a home folder, secrets, a server."""

    def __init__(
        self, folder: Path, listener: Listener, class_dir: str = "class", known: Mapping[str, str] | None = None
    ) -> None:
        self.course, self.home = folder / "course", folder / "home"
        self.class_dir = (self.course / class_dir).resolve()
        for made in (self.course, self.home, self.class_dir):
            made.mkdir(parents=True, exist_ok=True)
        self.listener = listener
        self.secrets = dict(known or new_secrets())
        self.seed = str(10**18 + secrets.randbits(59))
        self._ports: dict[str, int] = {}

    @property
    def source(self) -> NotebookNode:
        """The instructor's notebook, with this scene's secrets."""
        return solved(self.secrets)

    def fill(self, name: str, text: str) -> str:
        """A text of the attack with its names filled in."""
        if name not in self._ports:
            self._ports[name] = self.listener.port(name)
        names = {
            "name": name,
            "student": student(name),
            "unit": UNIT,
            "course": str(self.course),
            "class": str(self.class_dir),
            "home": str(self.home),
            "port": str(self._ports[name]),
            "other": OTHER,
            "variable": VARIABLE,
        }
        for key, value in names.items():
            text = text.replace(f"@{key}@", value)
        return text

    def submission(self, name: str, attack: ModuleType) -> bytes:
        """The notebook that is handed in."""
        answers = {key: self.fill(name, text) for key, text in getattr(attack, "ANSWERS", ZEROS).items()}
        notebook = handed_in(answers)
        for place, cells in ((0, getattr(attack, "FIRST", "")), (3, getattr(attack, "CELL", ""))):
            if cells:
                notebook.cells.insert(place, new_code_cell(self.fill(name, cells.strip("\n"))))
        if hasattr(attack, "edit"):
            attack.edit(notebook, lambda text: self.fill(name, text))
        return as_bytes(notebook)

    def submission_of_other(self) -> bytes:
        """What the honest student hands in: right answers, one of which holds the secret of other submissions."""
        note = f"  # {self.secrets['other submission']}"
        return as_bytes(handed_in({**RIGHT, "total": RIGHT["total"] + note}))

    def files(self, name: str, attack: ModuleType) -> dict[str, str]:
        """The other files of the submission."""
        return {file: self.fill(name, text) for file, text in getattr(attack, "FILES", {}).items()}

    def secrets_in(self, notebook: NotebookNode | None, heard: bytes = b"") -> list[str]:
        """The secrets that the outputs show, or that were sent away."""
        text = "\n".join(_shown(notebook)) + heard.decode("utf-8", "replace")
        known = {**self.secrets, "seed": self.seed}
        return [kind for kind, secret in known.items() if secret in text]

    def changed_by(self, name: str) -> list[str]:
        """Files with the attack's mark that are neither its submission nor what is made of that."""
        mark, found = f"planted by {name}!".encode(), []
        own = {f"{step}/{student(name)}" for step in ("submitted", "autograded", "feedback")}
        for path in sorted((*self.course.rglob("*"), *self.home.rglob("*"))):
            place = path.relative_to(self.class_dir).as_posix() if path.is_relative_to(self.class_dir) else ""
            if any(place.startswith(folder) for folder in own) or not path.is_file():
                continue
            if path.suffix != ".db" and mark in path.read_bytes():
                found.append(path.name)
        return found

    def found(self, name: str, notebook: NotebookNode | None, points: float) -> Found:
        """All that can be told from the executed notebook, the folders and the server."""
        heard = self.listener.heard.get(name, b"")
        return Found(points, self.secrets_in(notebook, heard), bool(heard), self.changed_by(name))


def student(name: str) -> str:
    """The id of the student who hands the attack in."""
    return name.replace("_", "-")


def _shown(notebook: NotebookNode | None) -> Iterator[str]:
    """The outputs of the student's cells, and of test cells what was printed there."""
    for cell in notebook.cells if notebook else ():
        test = cell.metadata.get("nbgrader", {}).get("grade_id") in POINTS
        for output in cell.get("outputs", []):
            if not test or (output.output_type == "stream" and "loot" in output.text):
                yield str(output)
