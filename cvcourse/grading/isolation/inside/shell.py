"""IPython's shell without zmq: outputs go to `capture`. Built once in the zygote, taken over by each kernel."""

import contextlib
import inspect
import os
import re
import sys
from typing import Any

import matplotlib
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import activate_matplotlib
from matplotlib_inline.backend_inline import configure_inline_support
from traitlets import Type
from traitlets.config import Config

from cvcourse.grading.isolation.inside.capture import Capture, Stream, as_json

INLINE = "module://matplotlib_inline.backend_inline"
capture = Capture()
"""The one of this process; a kernel connects it to its socket."""


class Publisher(DisplayPublisher):
    """`display`, `update_display` and `clear_output`."""

    def publish(
        self,
        data: dict,
        metadata: dict | None = None,
        source: Any = None,
        *,
        transient: dict | None = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        bundle, size = as_json(data)
        identity = (transient or {}).get("display_id")
        kind = "update" if update else "display"
        capture.note([kind, bundle, metadata or {}, identity], size)

    def clear_output(self, wait: bool = False) -> None:
        capture.clear(wait)


class Hook(DisplayHook):
    """The value of a cell's last expression."""

    def write_output_prompt(self) -> None:
        """The prompt is the notebook's."""

    def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
        bundle, size = as_json(format_dict)
        capture.note(["result", bundle, md_dict or {}, self.prompt_count], size)

    def finish_displayhook(self) -> None:
        """Nothing is printed, so nothing is flushed."""


class Compiler(CachingCompiler):
    """Tells `inspect` where a cell belongs: it would otherwise look through every loaded module, some thousands with
    torch, for each error that is shown, and take longer than most tests."""

    def cache(self, *arguments: Any, **options: Any) -> str:
        name = super().cache(*arguments, **options)
        inspect.modulesbyfile[os.path.normcase(os.path.abspath(name))] = "__main__"
        return name


# A magic, a shell command, a question, a line that goes on: what else than Python may be in a line of a cell.
_MORE_THAN_PYTHON = re.compile(r"^\s*[%!,;/]|=\s*[%!]|\?|\\\n", re.MULTILINE)

_ASYNCHRONOUS = re.compile(r"\b(async|await)\b")


class Transformers(TransformerManager):
    """Takes a cell apart only where there may be more than Python in it: that takes longer than to compile it."""

    def __init__(self) -> None:
        super().__init__()
        self._usual = list(self.token_transformers)

    def do_token_transforms(self, lines: list[str]) -> list[str]:
        """The lines as Python."""
        if self.token_transformers == self._usual and not _MORE_THAN_PYTHON.search("".join(lines)):
            return lines
        return super().do_token_transforms(lines)


class Shell(InteractiveShell):
    """A shell as in a notebook: errors as outputs, no terminal, no history on disk, no questions to the user."""

    displayhook_class = Type(Hook)
    display_pub_class = Type(Publisher)
    compiler_class = Type(Compiler)

    def init_io(self) -> None:
        """The streams are replaced in the kernel."""

    def enable_gui(self, gui: str | None = None) -> None:
        """There is none."""

    def should_run_async(self, raw_cell: str, *, transformed_cell: str | None = None, **options: Any) -> bool:
        """Whether it awaits something: IPython compiles each cell to see that. Without the words there is nothing."""
        if transformed_cell is not None and not _ASYNCHRONOUS.search(transformed_cell):
            return False
        return super().should_run_async(raw_cell, transformed_cell=transformed_cell, **options)

    def ask_exit(self) -> None:
        """`exit` and `quit` end the cell, not the kernel: the other cells still count."""
        raise SystemExit("exit() ends this cell only")

    def _format_exception_for_storage(self, exception: BaseException, *_: Any, **__: Any) -> dict:
        """For a history that is kept nowhere: the traceback would be made twice."""
        return {}

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        name, text = getattr(etype, "__name__", str(etype)), _text(evalue)
        lines = [str(line) for line in stb]
        capture.note(["error", name, text, lines], len(text) + sum(map(len, lines)))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:  # an exception of the student's whose text cannot be made
        return f"<no text: {type(second).__name__}>"


def build_shell() -> Shell:
    """The shell with inline figures, and everything that its first use imports already imported."""
    configuration = Config()
    configuration.HistoryManager.enabled = False  # its database would have a thread
    configuration.InteractiveShell.display_page = True
    shell = Shell.instance(config=configuration)
    shell.input_transformer_manager = Transformers()
    # As ipykernel does: interactive mode, and open figures are shown when a cell ends.
    matplotlib.use(INLINE)
    activate_matplotlib(INLINE)
    configure_inline_support(shell, INLINE)
    _warm(shell)
    return shell


def _warm(shell: Shell) -> None:
    """Run what every notebook does first. No gradient: torch refuses autograd in a child of a process that used it."""
    cells = ["1 + 1", "1 / 0", "%time 1", "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.title('a')"]
    if "torch" in sys.modules:  # an error within torch: its long source is read once, here
        cells.append("import torch; torch.nn.Conv2d(1, 1, 3)(torch.zeros(3))")
        cells.append("torch.manual_seed(0)")  # it reads the sources of all its callers
    with captured_streams():
        for cell in cells:
            shell.run_cell(cell, store_history=False)
            capture.begin()
        shell.reset(new_session=True)
    shell.execution_count = 1


@contextlib.contextmanager
def captured_streams():
    """Python's output streams lead to `capture` in this block."""
    before = sys.stdout, sys.stderr
    take_streams()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def take_streams() -> None:
    """Python's output streams lead to `capture`; input is refused."""
    import builtins
    import getpass

    sys.stdout, sys.stderr = Stream(capture, "stdout"), Stream(capture, "stderr")
    builtins.input = _no_input
    getpass.getpass = _no_input


def _no_input(prompt: str = "", *_: Any) -> str:
    raise StdinNotImplementedError("input() is not available while a notebook is graded")
