"""Assertions that explain: what was expected, what came, where they differ most, and what the mistake may be.

The tests in the assignments consist of these. Each takes plain results and raises `CheckError` with one fact a line.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cvcourse.errors import CourseError

__all__ = [
    "CheckError",
    "calling",
    "check_between",
    "check_close",
    "check_equal",
    "check_gradient",
    "check_raises",
    "check_results",
    "check_tensor",
    "check_unchanged",
    "generator",
    "progress",
    "random_tensor",
    "strided",
    "trying",
    "unanswered",
]

# Relative and absolute tolerance: enough for another order of summation, too little for a narrower dtype.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 3e-2}
SMALL = 25  # a tensor of at most so many values is shown in full
SINGLE = "it looks as if it was computed in float32"

PASSED, FAILED, NOT_ATTEMPTED = "passed", "failed", "not attempted"
_outcomes: dict[str, dict[str, str]] = {}


class CheckError(CourseError, AssertionError):
    """A result is not what the exercise asks for. The message has one fact a line."""


def check_close(
    actual: Any,
    expected: Tensor,
    *,
    name: str = "the result",
    hint: str = "",
    mistakes: Mapping[str, Tensor] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Check that `actual` is a tensor of the type, shape, dtype, device, layout and values of `expected`.

    Args:
        actual: what the function under test returned.
        expected: the right result, of any shape and dtype. Integers and booleans must be equal.
        name: how the message calls the result, for example the call that gave it.
        hint: one sentence that helps; shown last.
        mistakes: what is wrong -> the result of that mistake; where `actual` is one of these, the message says so.
        rtol: relative tolerance, by default 1e-9 for float64 and 1e-4 for float32.
        atol: absolute tolerance, the same by default.

    Raises:
        CheckError: the first of the properties above in which they differ.
    """
    facts = _differences(actual, expected, rtol, atol)
    if not facts:
        return
    if _is_plain(actual) and actual.layout == expected.layout:
        likeness = _likeness(actual.detach(), expected.detach(), dict(mistakes or {}), rtol, atol)
        if likeness:
            facts.append(f"it looks as if {likeness}")
        elif actual.dtype == torch.float64 and not _property_differences(actual, expected):
            scale, gap = expected.detach().abs().max(), (actual - expected).detach().abs().max()
            facts += [SINGLE] if _is_single(float(gap), float(scale)) else []
    _fail(f"{name}: {facts[0]}", facts[1:], hint)


def check_gradient(actual: Any, expected: Tensor, *, name: str = "the gradient", hint: str = "") -> None:
    """Check the `.grad` of a tensor after `backward`, as `check_close` does, and say so where there is none.

    Raises:
        CheckError: no gradient arrived, or it is not `expected`.
    """
    if actual is None:
        facts = [f"expected  {_describe(expected)}", "given     None"]
        _fail(f"{name}: no gradient arrived", facts, "was it detached on the way? stay with tensors up to the result")
    check_close(actual, expected, name=name, hint=hint)


def check_tensor(
    actual: Any, shape: Sequence[int], dtype: torch.dtype, *, name: str = "the result", hint: str = ""
) -> None:
    """Check that `actual` is a dense tensor of this shape and dtype, whatever its values and its device.

    Raises:
        CheckError: it is not.
    """
    where = actual.device if _is_plain(actual) else "cpu"
    # A tensor of zeros of one element, expanded: only its properties are looked at.
    facts = _property_differences(actual, torch.zeros((), dtype=dtype, device=where).expand(tuple(shape)))
    if facts:
        _fail(f"{name}: {facts[0]}", facts[1:], hint)


def check_results(actual: Any, kind: type, count: int, *, name: str = "the result", hint: str = "") -> None:
    """Check that `actual` is a tuple or a list (`kind`; a subclass such as a named tuple is one) of `count` entries.

    Raises:
        CheckError: another type or another number of entries.
    """
    wanted = f"expected  a {kind.__name__} of {count}"
    if not isinstance(actual, kind):
        _fail(f"{name}: the wrong type", [wanted, f"given     {_describe(actual)}"], hint)
    if kind.__len__(actual) != count:
        _fail(f"{name}: the wrong number of entries", [wanted, f"given     {kind.__len__(actual)}"], hint)


def check_equal(actual: Any, expected: Any, *, name: str = "the result", hint: str = "") -> None:
    """Check that `actual` has exactly the type and the value of `expected`: int, float, str, bool, tuple or list.

    `True` is not 1 here, and 1.0 is not either. In a tuple or a list each entry is checked. A named tuple is a tuple.

    Raises:
        CheckError: type, length or value differ.
    """
    if isinstance(actual, tuple) and type(expected) is tuple:
        actual = tuple.__getitem__(actual, slice(None))  # the entries themselves, without a subclass's own methods
    if type(actual) is not type(expected):
        facts = [f"expected  {expected!r} of type {type(expected).__name__}", f"given     {_describe(actual)}"]
        _fail(f"{name}: the wrong type", facts, hint)
    if isinstance(expected, tuple | list):
        if len(actual) != len(expected):
            facts = [f"expected  {len(expected)}: {expected!r}", f"given     {len(actual)}: {_describe(actual)}"]
            _fail(f"{name}: the wrong number of entries", facts, hint)
        for index, (given, wanted) in enumerate(zip(actual, expected, strict=True)):
            check_equal(given, wanted, name=f"{name}[{index}]", hint=hint)
    elif actual != expected:
        _fail(f"{name}: the wrong value", [f"expected  {expected!r}", f"given     {actual!r}"], hint)


def check_between(actual: Any, low: float, high: float, *, name: str = "the result", hint: str = "") -> None:
    """Check that `actual` is a `float`, Python's or numpy's (not a tensor), with `low <= actual <= high`.

    Raises:
        CheckError: another type, NaN, or outside the bounds.
    """
    if type(actual) not in (float, np.float64):  # numpy's is a float; a class of one's own could compare in its own way
        _fail(f"{name}: the wrong type", ["expected  a Python float", f"given     {_describe(actual)}"], hint)
    given = float(actual)
    if low <= given <= high:
        return
    middle = (low + high) / 2
    is_about = 0 < high - low <= 1e-3 * abs(middle) < float("inf")
    digits = _digits(middle if is_about else high if given > high else low, given)
    least, most, about, shown = (f"{value:.{digits}g}" for value in (low, high, middle, given))
    bounds = f"at most {most}" if low == -float("inf") else f"at least {least}"
    if float("inf") not in (-low, high):
        bounds = f"about {about}" if is_about else f"from {least} to {most}"
    facts = [f"expected  {bounds}", f"given     {shown}"]
    if is_about and high - low <= 1e-6 * abs(middle) and _is_single(abs(given - middle), abs(middle)):
        facts.append(SINGLE)
    _fail(f"{name}: the wrong value", facts, hint)


def check_raises(
    error: type[Exception],
    match_names: Sequence[str],
    call: Callable[[], Any],
    *,
    name: str = "the call",
    hint: str = "",
) -> None:
    """Check that `call()` raises `error` with at least one of `match_names` as a whole word in its message.

    Raises:
        CheckError: nothing was raised, another error was, or the message names none of them.
        NotImplementedError: the exercise is not answered yet.
    """
    names = " or ".join(match_names)
    wanted = f"expected  {error.__name__} with {names} in its message"
    try:
        result = call()
    except error as raised:
        if any(re.search(rf"\b{re.escape(word)}\b", str(raised)) for word in match_names):
            return
        facts = [wanted, f"given     {_say(raised)}"]
        raise CheckError(_text(f"{name}: the error's message names no argument concerned", facts, hint)) from raised
    except (CheckError, NameError):  # a missing answer says so itself, and grading knows it by that
        raise
    except Exception as raised:
        if _is_unanswered(raised):
            raise
        facts = [wanted, f"given     {_say(raised)}"]
        raise CheckError(_text(f"{name}: another error", facts, hint)) from raised
    _fail(f"{name}: no error", [wanted, f"given     {_describe(result)}"], hint)


@contextmanager
def calling(name: str, *, hint: str = "") -> Iterator[None]:
    """Say which call it was that raised an error, where it should have given a result.

    Raises:
        CheckError: the block raised an error that is none of the checks' own.
        NotImplementedError: the exercise is not answered yet.
    """
    try:
        yield
    except (CheckError, NameError):  # a missing answer says so itself, and grading knows it by that
        raise
    except Exception as raised:
        if _is_unanswered(raised):
            raise
        facts = ["expected  a result", f"given     {_say(raised)}"]
        raise CheckError(_text(f"{name}: an error", facts, hint)) from raised


@contextmanager
def check_unchanged(**arguments: Tensor | Sequence[Any]) -> Iterator[None]:
    """Check that the arguments, given by name, are after the block what they were before it.

    Of a tensor its values, its shape, its dtype and whether it requires a gradient.

    Raises:
        CheckError: one of them was changed in place.
    """
    before = {name: _copy(value) for name, value in arguments.items()}
    yield
    for name, value in arguments.items():
        old = before[name]
        if not isinstance(value, Tensor):
            same = list(value) == old
            what = "expected  what was passed in"
        elif value.requires_grad != old.requires_grad:
            same, what = False, f"expected  requires_grad {old.requires_grad}, as it was passed in"
        else:
            same = value.shape == old.shape and value.dtype == old.dtype and bool(torch.equal(value, old))
            what = f"expected  shape {tuple(old.shape)} and {old.dtype} with the values that were passed in"
        if not same:
            _fail(f"the argument {name} was changed in place", [what], f"work on a copy: {name}.clone()")


def generator(name: str) -> torch.Generator:
    """A source of random test inputs: the class's secret seed with `name` mixed in, else fresh entropy.

    The seed is the text in the environment variable `CVCOURSE_SEED`; the same text and name give the same inputs.
    """
    seed = os.environ.get("CVCOURSE_SEED") or secrets.token_hex(16)
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def random_tensor(rng: torch.Generator, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """A tensor of the given shape: standard normal values, or integers from -9 to 9 for an integer dtype."""
    if dtype.is_floating_point:
        return torch.randn(shape, generator=rng, dtype=dtype)
    return torch.randint(-9, 10, shape, generator=rng, dtype=dtype)


def strided(tensor: Tensor) -> Tensor:
    """A non-contiguous tensor with the shape and values of `tensor`: every second entry of a wider one, transposed."""
    order = list(range(tensor.dim()))[::-1]
    wide = torch.repeat_interleave(tensor.permute(order).contiguous(), 2, dim=0)
    return wide[::2].permute(order)


@contextmanager
def trying(exercise: str, test: str = "") -> Iterator[None]:
    """Keep the outcome of a visible test for `progress`, and say clearly where an exercise is still unanswered.

    Args:
        exercise: the exercise's name, as in the table that `progress` prints.
        test: what this test is about, one or two words.

    Raises:
        CheckError: the exercise still raises `NotImplementedError`.
        Exception: whatever else the test raises.
    """
    outcomes = _outcomes.setdefault(exercise, {})
    outcomes[test] = FAILED
    try:
        yield
    except NotImplementedError as error:
        if not _is_unanswered(error):
            raise
        outcomes[test] = NOT_ATTEMPTED
        message = f"Exercise {exercise} is not answered yet: write your code in its cell, run it, then run this one."
        raise CheckError(message) from error
    outcomes[test] = PASSED


def progress(exercises: Sequence[str]) -> None:
    """Print for each exercise whether its visible tests passed, failed or were not attempted since the last restart."""
    width = max(map(len, exercises))
    for exercise in exercises:
        outcomes = _outcomes.get(exercise, {})
        states = set(outcomes.values()) - {NOT_ATTEMPTED}
        state = FAILED if FAILED in states else PASSED if states else NOT_ATTEMPTED
        failed = ", ".join(test for test, outcome in outcomes.items() if outcome == FAILED and test)
        print(f"{exercise:<{width}}  {state}" + (f": {failed}" if failed else ""))


def unanswered(calls: Mapping[str, Callable[[], Any]]) -> list[str]:
    """The exercises, given by name with a call that a right answer survives, whose call raises an error."""
    missing = []
    for exercise, call in calls.items():
        try:
            call()
        except Exception:
            missing.append(exercise)
    return missing


def _fail(headline: str, facts: Sequence[str], hint: str = "") -> None:
    raise CheckError(_text(headline, facts, hint)) from None


def _text(headline: str, facts: Sequence[str], hint: str) -> str:
    hints = [f"hint      {hint}"] if hint else []
    return "\n".join([headline, *(f"  {fact}" for fact in [*facts, *hints])])


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error) or '(no message)'}"


def _is_unanswered(error: Exception) -> bool:
    """Whether this is the error of a cell without an answer; torch's own `NotImplementedError`s have a message."""
    return type(error) is NotImplementedError and not str(error)


def _differences(actual: Any, expected: Tensor, rtol: float | None, atol: float | None) -> list[str]:
    """The facts about the first property in which `actual` differs from `expected`; empty where it does not."""
    facts = _property_differences(actual, expected)
    if facts:
        return facts
    given, actual, expected = actual, actual.detach(), expected.detach()
    if torch.equal(actual, expected):  # as many a right result is, and soon seen
        return []
    wrong = ~_close(actual, expected, rtol, atol)
    if not bool(wrong.any()):
        return []
    facts = [f"{int(wrong.sum())} of {wrong.numel()} values are wrong", *_both(given, expected)]
    if actual.dtype.is_floating_point:
        missing = [int(tensor.isnan().sum()) for tensor in (actual, expected)]
        if missing[0] != missing[1]:
            facts.append(f"{missing[0]} values are NaN, expected {missing[1]}")
    facts.append(_largest_difference(actual, expected, wrong))
    if 1 < actual.numel() <= SMALL:
        wanted, given = _values(expected.tolist(), actual.tolist(), wrong.tolist())
        facts += [f"expected  {wanted}", f"given     {given}"]
    return facts


def _property_differences(actual: Any, expected: Tensor) -> list[str]:
    if not _is_plain(actual):
        return ["not a tensor", *_both(actual, expected)]
    if actual.layout != expected.layout:
        wrong = f"the wrong layout, a sparse tensor ({actual.layout}), expected a dense one"
        return [wrong, *_both(actual, expected)]
    for what in ("shape", "dtype", "device"):
        if getattr(actual, what) != getattr(expected, what):
            return [f"the wrong {what}", *_both(actual, expected)]
    return []


def _both(actual: Any, expected: Tensor) -> list[str]:
    return [f"expected  {_describe(expected)}", f"given     {_describe(actual)}"]


def _largest_difference(actual: Tensor, expected: Tensor, wrong: Tensor) -> str:
    if actual.dtype.is_floating_point:
        gap = (actual.double() - expected.double()).abs().nan_to_num(nan=float("inf"))
        place = int(torch.where(wrong, gap, torch.full_like(gap, -1)).flatten().argmax())
        difference = f"{float(gap.flatten()[place]):.4g}"
    else:  # in Python's ints, which are exact and do not overflow
        pairs = zip(actual.flatten().tolist(), expected.flatten().tolist(), strict=True)
        gaps = [abs(int(given) - int(wanted)) for given, wanted in pairs]
        place = gaps.index(max(gaps))
        difference = str(gaps[place])
    index = [int(i) for i in torch.unravel_index(torch.tensor(place), tuple(actual.shape))]
    wanted, given = _values(expected.flatten()[place].item(), actual.flatten()[place].item(), True)
    return f"largest difference {difference} at {index}: expected {wanted}, given {given}"


def _likeness(
    actual: Tensor, expected: Tensor, mistakes: dict[str, Tensor], rtol: float | None, atol: float | None
) -> str:
    """The first known mistake whose result `actual` is, or an empty string."""
    if expected.numel() < 2:
        return ""
    candidates = {mistake: wrong.detach() for mistake, wrong in mistakes.items()}
    if expected.dim() >= 2:
        candidates |= {
            "rows and columns were exchanged (a transposed result)": expected.transpose(-1, -2),
            "the result was flipped in both directions": expected.flip(-1, -2),
            "the result was flipped left to right": expected.flip(-1),
            "the result was flipped top to bottom": expected.flip(-2),
        }
    candidates |= {
        "every value has the wrong sign": -expected,
        "every value is doubled": expected * 2,
        "everything was left at zero": torch.zeros_like(expected),
    }
    for mistake, wrong in candidates.items():
        if wrong.shape != actual.shape or wrong.dtype != actual.dtype or wrong.device != actual.device:
            continue
        no_mistake_here = wrong.shape == expected.shape and bool(_close(wrong, expected, rtol, atol).all())
        if not no_mistake_here and bool(_close(actual, wrong, rtol, atol).all()):
            return mistake
    return ""


def _close(actual: Tensor, expected: Tensor, rtol: float | None, atol: float | None) -> Tensor:
    if not expected.dtype.is_floating_point:
        return actual == expected
    tolerance = TOLERANCE[expected.dtype]
    rtol, atol = (tolerance if value is None else value for value in (rtol, atol))
    return torch.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True)


def _is_plain(value: Any) -> bool:
    """Whether `value` is a tensor itself: an object of a subclass could answer comparisons in its own way."""
    return type(value) in (Tensor, torch.nn.Parameter)


def _describe(value: Any) -> str:
    if _is_plain(value):
        return f"a tensor of shape {tuple(value.shape)}, {value.dtype}, on {value.device}"
    if value is None:
        return "None (is there a return?)"
    if isinstance(value, Tensor):
        return f"a tensor of the subclass {type(value).__name__}"
    text = repr(value)
    return f"{text if len(text) <= 80 else text[:77] + '...'} of type {type(value).__name__}"


def _digits(wanted: float, given: float) -> int:
    """The number of digits, five or more, with which two numbers that differ look different."""
    return next((n for n in range(5, 17) if f"{wanted:.{n}g}" != f"{given:.{n}g}"), 17)


def _values(expected: Any, actual: Any, wrong: Any) -> tuple[str, str]:
    """Two numbers, or two nested lists of the same shape, short; those that are `wrong` look different."""
    if isinstance(expected, list):
        pairs = [_values(*three) for three in zip(expected, actual, wrong, strict=True)]
        return f"[{', '.join(wanted for wanted, _ in pairs)}]", f"[{', '.join(given for _, given in pairs)}]"
    if not isinstance(expected, float):
        return str(expected), str(actual)
    digits = _digits(expected, actual) if wrong else 5
    return f"{expected:.{digits}g}", f"{actual:.{digits}g}"


def _is_single(gap: float, scale: float) -> bool:
    """Whether so small a difference of float64 numbers of that size is what float32 leaves."""
    return 1e-9 * scale <= gap <= 2e-6 * scale


def _copy(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return list(value)
    return value.detach().clone().requires_grad_(value.requires_grad)
