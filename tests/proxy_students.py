"""Processes of answers for the tests of the proxies: forked from one that has imported torch."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent


class Students:
    """A warmed process; `start` gives a tester whose other end has run a text. A context manager."""

    def __enter__(self) -> "Students":
        self.testers: list = []
        self.control, theirs = socket.socketpair()
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, __file__, str(theirs.fileno())]
        self.process = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], env=environment, cwd=ROOT, start_new_session=True
        )
        theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        for tester in self.testers:
            tester.close()
        self.control.close()
        try:
            self.process.wait(timeout=20)
        finally:  # an answer that sleeps for ever is still there
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def start(
        self, source: str, seconds: float = 30.0, given: str = "", wanted: list[str] | None = None
    ) -> SimpleNamespace:
        """The names of `source` (or those `wanted`), run in a process of its own, and `tester`.

        `given` runs on both sides.
        """
        from cvcourse.grading.proxies.tester import Tester

        here = self._fork("serve", f"{given}\n{source}")
        namespace: dict = {"__name__": "__main__"}
        exec(given, namespace)
        tester = Tester(here, namespace, seconds)
        self.testers.append(tester)
        if wanted is None:
            wanted = [name for name in _bound(source) if name not in namespace]
        return SimpleNamespace(tester=tester, **(tester.names(wanted) if wanted else {}))

    def in_one_process(self, *cells: str) -> str:
        """ "passed", or what one of the cells raised when they ran one after the other."""
        with self._fork("one", "\0".join(cells)) as here:
            here.settimeout(30)
            return here.recv(10_000).decode() or "died"

    def _fork(self, kind: str, source: str) -> socket.socket:
        here, there = socket.socketpair()
        text = f"{kind}\n{source}".encode()
        self.control.sendall(len(text).to_bytes(4, "little"))
        with there:
            socket.send_fds(self.control, [text], [there.fileno()])
        return here


def _bound(source: str) -> list[str]:
    """The names that a module's text binds, imports aside."""
    import ast

    found = []
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found.append(statement.name)
        elif isinstance(statement, ast.Assign):
            found += [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return found


def _serve(control: socket.socket) -> None:
    import torch

    import cvcourse.grading.proxies.student  # noqa: F401  before the forks

    torch.set_num_threads(1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while size := control.recv(4):
        text, descriptors, _, _ = socket.recv_fds(control, int.from_bytes(size, "little"), 1)
        if os.fork() == 0:
            control.close()
            try:
                _be(text.decode(), socket.socket(fileno=descriptors[0]))
            finally:
                os._exit(0)
        os.close(descriptors[0])


def _be(text: str, end: socket.socket) -> None:
    from cvcourse.grading.proxies.student import Student

    kind, _, source = text.partition("\n")
    namespace = {"__name__": "__main__"}
    if kind == "one":
        try:
            for cell in source.split("\0"):
                exec(cell, namespace)
            end.sendall(b"passed")
        except BaseException as error:
            end.sendall(f"{type(error).__name__}: {error}".encode())
        return
    with contextlib.suppress(SystemExit):
        exec(source, namespace)
    Student(end, namespace).serve()


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
