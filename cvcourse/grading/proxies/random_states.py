"""The states of the global generators of torch, numpy and Python's random, where a test has changed them.

They go from the tester to the answer with each call and never come back. To ask for a state takes longer than most of a
call, so numpy's and Python's generator are known by the memory in which their states lie.
"""

import _random
import ctypes
import functools
import random
import sys
from typing import Any

import numpy as np
import torch


class Generators:
    """Remembers where the global generators were left. Use it in `context.Undisturbed`."""

    def __init__(self) -> None:
        self._watched = (_Torch(), _Numpy(), _Python())

    def changed(self) -> tuple | None:
        """Their states, each None where it is as it was left the last time; None where all are."""
        changed = tuple([watched.changed() for watched in self._watched])
        return None if changed == (None, None, None) else changed


def put(states: tuple | None) -> None:
    """Set the generators of this process to what `Generators.changed` gave."""
    if states is None:
        return
    torchs, numpys, pythons = states
    if torchs is not None:
        torch.set_rng_state(torch.frombuffer(bytearray(torchs), dtype=torch.uint8))
    if numpys is not None:
        name, words, *rest = numpys
        np.random.set_state((name, np.frombuffer(words, np.uint32), *rest))
    if pythons is not None:
        random.setstate(pythons)


class _Watched:
    """One generator."""

    def __init__(self) -> None:
        self._left: Any = None
        self._memory: Any = None

    def changed(self) -> Any:
        """Its state, None where it is as it was left.

        Of one that did not change the answer's process goes on where its last call ended, as one process would.
        """
        if self._memory is not None and self.memory() == self._memory:
            return None
        now = self.state()
        if now == self._left:
            return None
        self.draw()  # left elsewhere than at the start of the call: the same seed, set once more, is seen as a change
        self._left, self._memory = self.state(), self.memory()
        return now

    def state(self) -> Any:
        """As plain values that can be compared."""
        raise NotImplementedError

    def memory(self) -> Any:
        """What differs wherever the state does, and takes less time; None where there is no such thing."""
        raise NotImplementedError

    def draw(self) -> None:
        """Take one number."""
        raise NotImplementedError


class _Torch(_Watched):
    def state(self) -> bytes:
        return torch.default_generator.get_state().numpy().tobytes()

    def memory(self) -> None:
        return None

    def draw(self) -> None:
        torch.rand(1)


class _Numpy(_Watched):
    def state(self) -> tuple:
        name, words, *rest = np.random.get_state()
        return name, words.tobytes(), *rest

    def memory(self) -> tuple | None:
        generator = np.random.get_bit_generator()
        if type(generator) is not np.random.MT19937:
            return None
        if self._left is not None and self._left[3]:
            return None  # a normal number is kept for the next draw, elsewhere
        return generator, ctypes.string_at(*_numpys_place(generator))

    def draw(self) -> None:
        np.random.rand()


class _Python(_Watched):
    def state(self) -> tuple:
        return random.getstate()

    def memory(self) -> tuple | None:
        generator = random.getstate.__self__
        if not _IN_MEMORY or type(generator) is not random.Random:
            return None
        return generator, _memory(generator), generator.gauss_next

    def draw(self) -> None:
        random.random()


@functools.lru_cache(maxsize=1)
def _numpys_place(generator: np.random.MT19937) -> tuple[int, int]:
    """Where its words lie with the number of those that were used, and how many bytes that are."""
    words = generator.state["state"]["key"]
    return generator.ctypes.state_address, words.nbytes + ctypes.sizeof(ctypes.c_int)


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
