"""What surrounds a call: gradient mode, default dtype, global generators, guard and operator count of the test cell.

It goes from the tester to the answer only. Of the answer's side nothing comes back but a number of operators, which can
take points and never give them: the tester goes on with its own generators.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch.overrides import _pop_mode, _push_mode
from torch.utils._python_dispatch import _disable_current_modes

from cvcourse import guard
from cvcourse.grading.proxies import random_states
from cvcourse.grading.proxies.children import Children


class Undisturbed:
    """Nothing that happens in the block is counted, refused, or recorded for a gradient. No mode can be entered.

    Four such blocks belong to each call: a class takes a third of the time of a generator.
    """

    __slots__ = ("_blocks", "_grad")

    def __enter__(self) -> None:
        self._blocks: list[Any] = [torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch()]
        if torch.is_inference_mode_enabled():
            self._blocks.append(torch.inference_mode(False))
        for block in self._blocks:
            block.__enter__()
        self._grad = torch.is_grad_enabled()
        torch._C._set_grad_enabled(False)

    def __exit__(self, *raised: Any) -> None:
        torch._C._set_grad_enabled(self._grad)
        for block in reversed(self._blocks):
            block.__exit__(*raised)


@contextlib.contextmanager
def put_aside() -> Iterator[None]:
    """What is entered outside does not hold in the block; other modes can be entered in it."""
    with contextlib.ExitStack() as stack:
        for _ in range(torch._C._len_torch_function_stack()):
            stack.callback(_push_mode, _pop_mode())
        stack.enter_context(_disable_current_modes())
        stack.enter_context(torch.inference_mode(False))
        yield


class Surroundings:
    """Takes the present surroundings; a refusal's lists are in them only the first time."""

    def __init__(self) -> None:
        self._told: list[guard.Refusal] = []

    def take(self) -> dict[str, Any]:
        """As plain values, without the states of generators (see `random_states`). Call it before `Undisturbed`."""
        refusals, counters = guard.in_force()
        limits = [counter.limit - counter.count for counter in counters if counter.limit is not None]
        told = len(self._told)
        return {
            "grad": torch.is_grad_enabled(),
            "inference": torch.is_inference_mode_enabled(),
            "dtype": torch.get_default_dtype(),
            "refusals": [self._number(refusal) for refusal in refusals],
            "told": [(number, *vars(self._told[number]).values()) for number in range(told, len(self._told))],
            "count": bool(counters),
            "limit": min(limits) if limits else None,
        }

    def _number(self, refusal: guard.Refusal) -> int:
        for number, told in enumerate(self._told):
            if told is refusal:
                return number
        self._told.append(refusal)
        return len(self._told) - 1


@contextlib.contextmanager
def entered(
    surroundings: dict[str, Any], seen: dict[str, Any], told: dict[int, guard.Refusal], children: Children
) -> Iterator[None]:
    """In the answer's process: be surrounded as the test cell was.

    `seen["operators"]` is what was counted, `seen["refused"]` the text of a refusal. `told` keeps the refusals.
    """
    random_states.put(surroundings["generators"])
    before = torch.get_default_dtype()
    told |= {number: guard.Refusal(*parts) for number, *parts in surroundings["told"]}
    refused = [told[number] for number in surroundings["refusals"]]
    with contextlib.ExitStack() as stack:
        stack.callback(_set_default_dtype, before)
        _set_default_dtype(surroundings["dtype"])
        if surroundings["inference"] != torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(surroundings["inference"]))
        stack.enter_context(torch.set_grad_enabled(surroundings["grad"]))
        if surroundings["count"]:
            counter = stack.enter_context(guard.count_operators(surroundings["limit"]))
            stack.callback(lambda: seen.update(operators=counter.count))
        if refused:
            stack.enter_context(guard.forbid(*refused))
            watch = guard._watches[-1]
            # What the answer caught, or covered with an error of its own, has happened all the same.
            stack.callback(lambda: watch.met and seen.update(refused=str(watch.met)))
        if not refused and not surroundings["count"]:
            children.forget()
            yield
            return
        children.begin(seen)
        try:
            yield
        finally:
            children.end(seen)


def _set_default_dtype(dtype: torch.dtype) -> None:
    if dtype is not torch.get_default_dtype():
        torch.set_default_dtype(dtype)
