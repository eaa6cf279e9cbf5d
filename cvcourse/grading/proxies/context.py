"""What surrounds a call: gradient mode, default dtype, global generators, guard and operator count of the test cell.

It goes from the tester to the answer only. Of the answer's side nothing comes back but a number of operators, which can
take points and never give them: the tester goes on with its own generators.
"""

import _random
import contextlib
import ctypes
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.overrides import _pop_mode, _push_mode
from torch.utils._python_dispatch import _disable_current_modes

from cvcourse import guard


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
    """Takes the present surroundings.

    The states of generators are in it only where the test has changed them, a refusal's lists only the first time.
    """

    def __init__(self) -> None:
        self._left: tuple | None = None
        self._memory: tuple | None = None
        self._told: list[guard.Refusal] = []

    def take(self) -> dict[str, Any]:
        """As plain values, the states of generators aside. Call it before `Undisturbed`."""
        refusals, counters = guard.in_force()
        limits = [counter.limit - counter.count for counter in counters if counter.limit is not None]
        return {
            "grad": torch.is_grad_enabled(),
            "inference": torch.is_inference_mode_enabled(),
            "dtype": torch.get_default_dtype(),
            "refusals": [self._refusal(refusal) for refusal in refusals],
            "count": bool(counters),
            "limit": min(limits) if limits else None,
        }

    def _refusal(self, refusal: guard.Refusal) -> tuple:
        for number, told in enumerate(self._told):
            if told is refusal:
                return number, None
        self._told.append(refusal)
        return len(self._told) - 1, tuple(vars(refusal).values())

    def generators(self) -> tuple | None:
        """The states of the global generators, where they changed. Call it in `Undisturbed`."""
        before = self._left or (None, None, None)
        states = _states(before[1], before[2], self._memory)
        # Of one that did not change the answer's process goes on where its last call ended, as one process would.
        changed = tuple(None if now == then else now for now, then in zip(states, before, strict=True))
        if all(state is None for state in changed):
            return None
        # Left elsewhere than at the start of the call: the same seed, set once more, is seen as a change.
        for state, draw in zip(changed, _DRAWS, strict=True):
            if state is not None:
                draw()
        self._left, self._memory = _states(), _memory_of_random()
        return changed


_DRAWS = (lambda: torch.rand(1), np.random.rand, random.random)  # in the order of `_states`


def _states(numpys: tuple | None = None, pythons: tuple | None = None, memory: tuple | None = None) -> tuple:
    """Those of torch, numpy and random. To ask for the last two takes longer than most of a call.

    So where numpy's is `numpys` still it is that, and where random's memory is `memory` still its state is `pythons`.
    """
    if numpys is None or not _is_numpys(numpys):
        name, words, *rest = np.random.get_state()
        numpys = name, words.tobytes(), *rest
    if pythons is None or memory is None or memory != _memory_of_random():
        pythons = random.getstate()
    return torch.get_rng_state().numpy().tobytes(), numpys, pythons


def _memory_of_random() -> tuple | None:
    """All that makes the state of Python's generator, as it lies in memory; None where that cannot be told."""
    generator = random.getstate.__self__
    if not _IN_MEMORY or type(generator) is not random.Random:
        return None
    return _memory(generator), generator.gauss_next


def _memory(generator: random.Random) -> bytes:
    """What CPython keeps in the object itself, behind its count of references and its type."""
    head = object.__basicsize__
    return ctypes.string_at(id(generator) + head, _random.Random.__basicsize__ - head)


def _is_in_memory() -> bool:
    """Whether this Python's generators show their state there: each draw changes it, and nothing else does."""
    generator = random.Random(1)
    seen, draws = {_memory(generator)}, 700  # more than one round of the generator
    for _ in range(draws):
        before = _memory(generator)
        generator.getstate()
        if before != _memory(generator):
            return False
        generator.random()
        seen.add(_memory(generator))
    start = _memory(random.Random(1))
    generator.seed(1)
    return len(seen) == draws + 1 and _memory(generator) == start


_IN_MEMORY = sys.implementation.name == "cpython" and _is_in_memory()


def _is_numpys(state: tuple) -> bool:
    """Whether numpy's global generator certainly is in this state: seen from its memory, which takes no time."""
    name, words, position, has_gauss, _ = state
    generator = np.random.get_bit_generator()
    if has_gauss or name != "MT19937" or type(generator) is not np.random.MT19937:
        return False  # a normal number that is kept for the next draw lies elsewhere
    memory = ctypes.string_at(generator.ctypes.state_address, len(words) + ctypes.sizeof(ctypes.c_int))
    return memory == words + position.to_bytes(4, sys.byteorder)


@contextlib.contextmanager
def entered(surroundings: dict[str, Any], seen: dict[str, Any], told: dict[int, guard.Refusal]) -> Iterator[None]:
    """In the answer's process: be surrounded as the test cell was.

    `seen["operators"]` is what was counted, `seen["refused"]` the text of a refusal. `told` keeps the refusals.
    """
    _put_generators(surroundings["generators"])
    before = torch.get_default_dtype()
    told |= {number: guard.Refusal(*parts) for number, parts in surroundings["refusals"] if parts is not None}
    refused = [told[number] for number, _ in surroundings["refusals"]]
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
        yield


def _set_default_dtype(dtype: torch.dtype) -> None:
    if dtype is not torch.get_default_dtype():
        torch.set_default_dtype(dtype)


def _put_generators(states: tuple | None) -> None:
    if states is None:
        return
    own, numpys, python = states
    if own is not None:
        torch.set_rng_state(torch.frombuffer(bytearray(own), dtype=torch.uint8))
    if numpys is not None:
        name, words, *rest = numpys
        np.random.set_state((name, np.frombuffer(words, np.uint32), *rest))
    if python is not None:
        random.setstate(python)
