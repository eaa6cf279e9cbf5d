"""What surrounds a call: gradient mode, default dtype, global generators, guard and operator count of the test cell.

It goes from the tester to the answer only. Of the answer's side nothing comes back but a number of operators, which can
take points and never give them: the tester goes on with its own generators.
"""

import contextlib
import dataclasses
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import _disable_current_modes

from cvcourse import guard


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Nothing that happens in the block is counted, refused, or recorded for a gradient."""
    modes = torch._C._len_torch_function_stack() or torch._C._len_torch_dispatch_stack()
    if not modes and not torch.is_inference_mode_enabled():
        with torch.no_grad():
            yield
        return
    with torch._C.DisableTorchFunction(), _disable_current_modes(), torch.inference_mode(False), torch.no_grad():
        yield


class Surroundings:
    """Takes the present surroundings; sends the states of generators only where the test has changed them."""

    def __init__(self) -> None:
        self._left: tuple | None = None

    def take(self) -> dict[str, Any]:
        """As plain values. Call it before `undisturbed`."""
        with undisturbed():
            generators = self._generators()
        refusals, counters = guard.in_force()
        limits = [counter.limit - counter.count for counter in counters if counter.limit is not None]
        return {
            "grad": torch.is_grad_enabled(),
            "inference": torch.is_inference_mode_enabled(),
            "dtype": torch.get_default_dtype(),
            "generators": generators,
            "refusals": [dataclasses.astuple(refusal) for refusal in refusals],
            "count": bool(counters),
            "limit": min(limits) if limits else None,
        }

    def _generators(self) -> tuple | None:
        states = _states()
        if states == self._left:
            return None  # the answer's process goes on where its last call ended, as one process would
        # Left elsewhere than at the start of the call: the same seed, set once more, is seen as a change.
        torch.rand(1), np.random.rand(), random.random()
        self._left = _states()
        return states


def _states() -> tuple:
    name, words, *rest = np.random.get_state()
    return torch.get_rng_state().numpy().tobytes(), (name, words.tobytes(), *rest), random.getstate()


@contextlib.contextmanager
def entered(surroundings: dict[str, Any], seen: dict[str, Any]) -> Iterator[None]:
    """In the answer's process: be surrounded as the test cell was.

    `seen["operators"]` is what was counted, `seen["refused"]` the text of a refusal.
    """
    _put_generators(surroundings["generators"])
    before = torch.get_default_dtype()
    refused = [guard.Refusal(*entry) for entry in surroundings["refusals"]]
    with contextlib.ExitStack() as stack:
        stack.callback(torch.set_default_dtype, before)
        torch.set_default_dtype(surroundings["dtype"])
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
        yield


def _put_generators(states: tuple | None) -> None:
    if states is None:
        return
    own, (name, words, *rest), python = states
    torch.set_rng_state(torch.frombuffer(bytearray(own), dtype=torch.uint8))
    np.random.set_state((name, np.frombuffer(words, np.uint32), *rest))
    random.setstate(python)
