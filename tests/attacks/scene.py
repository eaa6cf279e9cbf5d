"""What attacks are after: a grader's folder, secrets in files, variables and memory, servers, a tester beside."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cvcourse.grading.isolation import Kernel, Limits, Outputs, Zygote

VARIABLE = "CVCOURSE_SECRET_OF_THE_TESTS"
SMALL = Limits(memory_mb=256, cpu_seconds=60, processes=32, file_mb=16, scratch_mb=32, output_kb=64, flood_mb=8)


@dataclass
class Scene:
    """The machine around an attack. `tester` is a kernel that holds `secret`, as one with hidden tests would."""

    zygote: Zygote
    tester: Kernel
    secret: str
    names: dict[str, str]

    def fill(self, cell: str) -> str:
        """The cell with its names filled in."""
        for name, value in self.names.items():
            cell = cell.replace(f"@{name}@", value)
        return cell

    def attack(self, cell: str, limits: Limits, cpu: float, wall: float) -> Outputs:
        """Run a cell in a kernel of its own, which is gone afterwards."""
        with self.zygote.spawn(limits=limits) as kernel:
            outputs = kernel.run(self.fill(cell), cpu_seconds=cpu, wall_seconds=wall)
        _assert_gone(kernel.pid)
        return outputs

    def bare(self, cell: str) -> str:
        """What the cell prints when it runs without walls, as the same user, beside the secrets."""
        done = subprocess.run(
            [sys.executable, "-I", "-c", self.fill(cell)],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.names["folder"],
            check=False,
        )
        return done.stdout + done.stderr

    def assert_unharmed(self) -> None:
        """The zygote and the tester beside go on as if nothing had happened."""
        assert self.zygote.pid is not None and Path(f"/proc/{self.zygote.pid}").exists()
        again = self.tester.run("print(secret, open('hidden.py').read())", cpu_seconds=20, wall_seconds=60)
        assert again.text.split() == [self.secret, self.secret], again


@contextlib.contextmanager
def make_scene(zygote: Zygote, folder: Path) -> Iterator[Scene]:
    """Put secrets and servers in place, and take them away again."""
    secret = f"secret-{secrets.token_hex(8)}"
    for file in ("gradebook.db", "solution.ipynb"):
        (folder / file).write_text(secret)
    os.environ[VARIABLE] = secret
    abstract = f"cvcourse-{secrets.token_hex(4)}"
    with contextlib.ExitStack() as stack:
        stack.callback(os.environ.pop, VARIABLE)
        port = _serve(stack, socket.AF_INET, ("127.0.0.1", 0), secret)[1]
        _serve(stack, socket.AF_UNIX, f"\0{abstract}", secret)
        _serve(stack, socket.AF_UNIX, str(folder / "server"), secret)
        tester = stack.enter_context(zygote.spawn(role="tester", limits=SMALL))
        tester.run(f"secret = {secret!r}\nopen('hidden.py', 'w').write(secret)", cpu_seconds=20, wall_seconds=60)
        names = {
            "folder": str(folder),
            "course": str(Path(__file__).resolve().parents[2]),
            "variable": VARIABLE,
            "port": str(port),
            "abstract": abstract,
            "worker": str(os.getpid()),
            "zygote": str(zygote.pid),
            "tester": str(tester.pid),
        }
        yield Scene(zygote, tester, secret, names)


def _assert_gone(pid: int) -> None:
    """No such process, after the moment that its parent takes to note its end."""
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.01)


def _serve(stack: contextlib.ExitStack, family: int, address: str | tuple, secret: str) -> tuple | str:
    """A server that gives the secret to whoever connects; its address."""
    server = stack.enter_context(socket.socket(family))
    server.bind(address)
    server.listen()

    def answer() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.sendall(secret.encode())

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    stack.callback(thread.join, 5)
    stack.callback(server.shutdown, socket.SHUT_RDWR)
    return server.getsockname()
