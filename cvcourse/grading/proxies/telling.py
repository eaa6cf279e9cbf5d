"""What cannot go from one process to the other, in words: which part of which value of which call, and why."""

import re
import traceback
from collections.abc import Callable
from typing import Any

from cvcourse.grading.proxies.errors import CannotCrossError, WireError

LONGEST = 300
DEEPEST = 6
NAMES = "a name that the test uses"
MOST_PARTS = 1000
MOST_LINES = 8


def plain_name(text: Any) -> str:
    """The name of a function or class of the answer as a message may show it: an identifier, or "object"."""
    last = text.rpartition(".")[2] if type(text) is str else ""
    return last if last.isidentifier() and len(last) <= 60 else "object"


def one_line(text: Any) -> str:
    """The text of the other side without line breaks or colours, not longer than a line or two."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)[: 4 * LONGEST]).split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def call_name(operation: Any, target: str, arguments: tuple) -> str:
    """What was asked for, as it stands in a test: `scale()`, `Model.weight`, `a name of the answer`."""
    if operation == "call":
        return f"{target}()"
    if operation in ("get", "set", "remove", "invoke") and arguments:
        return f"{target}.{plain_name(arguments[0])}"
    return NAMES if operation == "names" else target


def argument_refused(call: str, error: Exception) -> CannotCrossError:
    """The test gives what cannot be handed over."""
    return CannotCrossError(f"the test cannot hand its arguments to {call}: {one_line(error)}")


def result_refused(call: str, path: str, why: str) -> CannotCrossError:
    """The answer gives what cannot be handed back."""
    name = re.match(r"\['(\w{1,60})'\]", path) if call == NAMES else None
    what, path = (f"the value of {name[1]}", path[name.end() :]) if name else (f"the result of {call}", path)
    part = f", its part {one_line(path)}" if path else ""
    return CannotCrossError(f"{what} cannot be graded{part}: {one_line(why)}")


def where(error: BaseException) -> str:
    """The lines of the notebook that an error came through, as they are shown to the one who wrote them."""
    cells = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<ipython-input")
    ]
    lines = []
    for frame in cells[-MOST_LINES:]:
        number = frame.filename.split("-")[2]
        lines.append(f"  cell In [{number}], line {frame.lineno}, in {frame.name}:  {frame.line}\n")
    return "".join(["The error came from your code:\n", *lines]) if lines else ""


def find_part(value: Any, encode: Callable[[Any], Any]) -> tuple[str, str]:
    """(path, reason) of the innermost part of a list, tuple or dict that `encode` refuses; empty where it takes all."""
    path, reason = "", ""
    for _ in range(DEEPEST):
        for step, part in _parts(value):
            why = _refusal(part, encode)
            if why:
                path, reason, value = path + step, why, part
                break
        else:
            break
    return path, reason


def _refusal(part: Any, encode: Callable[[Any], Any]) -> str:
    try:
        encode(part)
    except WireError as error:
        return str(error)
    return ""


def _parts(value: Any) -> list[tuple[str, Any]]:
    if type(value) is dict:
        return [(f"[{key!r}]" if type(key) in (str, int) else "[...]", part) for key, part in value.items()][
            :MOST_PARTS
        ]
    if type(value) in (list, tuple):
        return [(f"[{place}]", part) for place, part in enumerate(value)][:MOST_PARTS]
    return []
