"""One kernel, behind its walls: it takes cells and calls over a socket and answers with what they show.

From here on the student's code shares the process, so nothing that this file answers is more than the student's word.
"""

import gc
import importlib
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cvcourse.grading.isolation import wire
from cvcourse.grading.isolation.inside.capture import STREAMS, Capture
from cvcourse.grading.isolation.inside.shell import INLINE, Shell, capture, take_streams
from cvcourse.grading.isolation.inside.walls import DESK, HOME

ENVIRONMENT = {
    "HOME": HOME,
    "USER": "student",
    "LOGNAME": "student",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PWD": DESK,
    "TMPDIR": "/tmp",
    "IPYTHONDIR": "/tmp/.ipython",
    "MPLCONFIGDIR": "/tmp/.matplotlib",
    "MPLBACKEND": INLINE,
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "CVCOURSE_OFFLINE": "1",
    "CVCOURSE_BUDGET": "smoke",
}
"""All that a kernel finds in its environment."""

Handlers = Mapping[str, Callable[[object], object]]


@dataclass(frozen=True)
class Context:
    """What an extension's `attach` gets."""

    role: str
    shell: Shell
    sockets: list[socket.socket]
    capture: Capture


class _Kernel:
    def __init__(self, request: dict, shell: Shell, control: int, extra: list[int]) -> None:
        self.shell = shell
        self.control = socket.socket(fileno=control)
        capture.connect(self.send, request["limits"]["output_kb"] << 10)
        take_streams()
        sockets = [socket.socket(fileno=descriptor) for descriptor in extra]
        self.handlers: Handlers = {}
        self.name_of_run = ""
        if request["extension"]:
            context = Context(request["role"], shell, sockets, capture)
            self.handlers = importlib.import_module(request["extension"]).attach(context)
        self.sockets = sockets  # without an extension they are still the caller's: keep them open

    def send(self, message: dict) -> None:
        self.control.sendall(wire.pack(message | {"name of run": self.name_of_run}))

    def serve(self) -> None:
        """Answer until the worker lets go."""
        actions = {"run": self.run, "call": self.call, "environment": self.environment}
        self.send({"ready": True})
        while True:
            try:
                message = wire.receive(self.control)
            except EOFError:
                return
            self.name_of_run = message["name of run"]
            capture.begin()
            started = time.process_time()
            done = actions[message["do"]](message)
            if not capture.mine:
                os._exit(0)  # a child that the cell forked, and that ran on to the end of it
            capture.flush()
            self.send({"done": done | {"cpu": time.process_time() - started}})
            self._empty_descriptors()

    def run(self, message: dict) -> dict:
        """Run a cell as Jupyter would, between two handlers of the extension where those are named.

        After an error of the first the cell is not run. The value tells whether the second came to its end.
        """
        number = self.shell.execution_count
        before, after = message.get("between") or (None, None)
        done = self._handle(*before) if before else {"ok": True}
        if done["ok"]:
            result = self.shell.run_cell(message["source"], store_history=True)
            done = _outcome(result.error_before_exec or result.error_in_exec)
        value = self._handle(*after)["ok"] if after else None
        return done | {"execution_count": number, "value": value}

    def call(self, message: dict) -> dict:
        """Call a handler of the extension."""
        return self._handle(message["name"], message["argument"])

    def _handle(self, name: str, argument: object) -> dict:
        try:
            return {"ok": True, "value": self.handlers[name](argument)}
        except BaseException as error:
            self.shell.showtraceback(running_compiled_code=True)
            return _outcome(error)

    def environment(self, message: dict) -> dict:
        """Variables for this kernel alone."""
        os.environ.update(message["variables"])
        return {"ok": True}

    @staticmethod
    def _empty_descriptors() -> None:
        """Between runs, so that a kernel may print its limit in every cell."""
        for descriptor in STREAMS.values():
            try:
                os.ftruncate(descriptor, 0)
            except OSError:
                continue


def _outcome(error: BaseException | None) -> dict:
    if error is None:
        return {"ok": True}
    try:
        text = str(error)
    except Exception:
        text = ""
    return {"ok": False, "ename": type(error).__name__, "evalue": text[:2000]}


def _start_afresh() -> None:
    """What every kernel would otherwise share with its siblings: random states, environment, signal handlers."""
    import numpy

    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    random.seed()
    numpy.random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.seed()  # `torch.seed` looks at its callers' sources, for a GPU's sake
        sys.modules["torch"].set_num_threads(1)
    sys.argv = [""]  # the zygote's are nobody's business
    # Process 1 of a namespace ignores a signal without a handler.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path.insert(0, "")  # as in a notebook: modules beside it can be imported


def serve(shell: Shell, request: dict, control: int, extra: list[int]) -> None:
    """Be the kernel that `request` describes, on the given descriptors, until the worker lets go."""
    _start_afresh()
    shell.user_ns["_dh"][:], shell.home_dir = [DESK], HOME  # where `%cd -` and `%cd` lead
    if request["role"] == "tester":
        shell.colors = "nocolor"  # to colour a traceback takes longer than most tests
        gc.set_threshold(50_000)  # no code of a student makes garbage here
    _Kernel(request, shell, control, extra).serve()
