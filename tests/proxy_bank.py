"""The runner of the mutant bank with two processes: tests in one, given cells and the answer in the other.

As a program it takes the same arguments as `tests/bank.py`.
"""

import contextlib
import io
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests import bank
from tests.bank import HIDDEN, ROOT, Bank, Cell, Outcome, exercises, load_unit

SECONDS = 60.0  # for one reply


class ProxyBank(Bank):
    """As `Bank`, and what the tests see of an answer are proxies."""

    def _start(self, how: str) -> subprocess.Popen:
        variables = {"CVCOURSE_BUDGET": "smoke", "CVCOURSE_OFFLINE": "1", "MPLBACKEND": "agg"}
        environment = {**os.environ, **bank.ONE_THREAD, **variables}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, str(Path(__file__)), self.unit, how]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=environment)


def two_processes(unit: str, prepared: dict, request: dict) -> Iterator[Outcome]:
    """In place of `bank._outcomes`: this process is the tester, a child of it the answer's."""
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        here.close()
        try:
            _be_student(unit, dict(prepared), request, there)
        finally:
            os._exit(0)
    there.close()
    try:
        yield from _be_tester(unit, dict(prepared), request, here)
    finally:
        here.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, 9)
        os.waitpid(child, 0)


def _cells(unit: str, exercise: str) -> Iterator[tuple[Cell, str]]:
    """The cells up to the last test of an exercise, each with what it is: test, answer, solution, given."""
    left = {cell.grade_id for cell in exercises(unit)[exercise]}
    for cell in load_unit(unit):
        if cell.grade_id in left:
            yield cell, "test"
            left.remove(cell.grade_id)
            if not left:
                return
        elif cell.grade_id == exercise:
            yield cell, "answer"
        elif cell.is_solution:
            yield cell, "solution"
        elif "given" in cell.tags and cell.grade_id not in ("setup", "imports"):
            yield cell, "given"


def _be_student(unit: str, namespace: dict, request: dict, end: socket.socket) -> None:
    from cvcourse.grading.proxies.student import Student

    os.environ.pop("CVCOURSE_SEED", None)
    student = Student(end, namespace)
    for cell, kind in _cells(unit, request["exercise"]):
        if kind == "test":
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                student.serve()
        else:
            bank._execute(request["answer"] if kind == "answer" else cell.source, namespace, kind)


def _be_tester(unit: str, namespace: dict, request: dict, end: socket.socket) -> Iterator[Outcome]:
    from cvcourse import guard
    from cvcourse.grading.proxies.names import StudentNames
    from cvcourse.grading.proxies.tester import Tester

    os.environ["CVCOURSE_SEED"] = request["seed"]
    tester = Tester(end, namespace, SECONDS)
    names = StudentNames(tester)
    with guard.noting():  # as in a kernel
        for cell, kind in _cells(unit, request["exercise"]):
            if kind == "given":
                bank._execute(cell.source, namespace, kind)
            elif kind == "test":
                yield _test(cell, tester, names)


def _test(cell: Cell, tester, names) -> Outcome:
    """The visible and the hidden part of a test cell, each with the names that it uses."""
    from cvcourse.grading.proxies.cell_names import used_names

    errors = []
    for part in (HIDDEN.sub("", cell.source), "\n".join(HIDDEN.findall(cell.source))):
        try:
            names.fill(used_names(part))
            errors.append(bank._execute(part, tester.namespace, cell.grade_id))
        except Exception as error:  # the answer's process is gone, or sends what it must not
            errors.append(f"{type(error).__name__}: {error}")
    with contextlib.suppress(Exception):
        tester.done()
    return Outcome(cell.grade_id, cell.points, not errors[0], not errors[1], errors[0] or errors[1])


if __name__ == "__main__":
    import cvcourse.grading.proxies.student
    import cvcourse.grading.proxies.tester  # noqa: F401  imported once, before the forks

    bank._outcomes, bank.Bank = two_processes, ProxyBank
    bank.main()
