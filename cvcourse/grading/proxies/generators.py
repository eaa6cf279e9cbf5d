"""A generator that comes back may only have gone forward: a state that was chosen is refused.

A test that hands its source of hidden inputs to an answer would otherwise go on with a state of the answer's choice;
with all words zero every later draw is 0. Layout of the state: `CPUGeneratorImplStateLegacy` of PyTorch.
"""

import struct

import torch

from cvcourse.grading.proxies.errors import VerdictError

_WORDS = slice(24, 24 + 624 * 8)
_LEFT_SEEDED_NEXT = struct.Struct("<iiQ")  # after the seed of 8 bytes
BLOCK = 624
MAX_BLOCKS = 20_000  # 12 million draws


def bring_forward(mine: torch.Generator, theirs: torch.Generator) -> None:
    """Draw from `mine` until it stands where `theirs` stands. Raises `VerdictError` where it never gets there."""
    old, new = mine.get_state(), theirs.get_state()
    if torch.equal(old, new):
        return
    wanted = new[_WORDS]
    trial = torch.Generator()
    trial.set_state(old)
    for _ in range(MAX_BLOCKS):
        if torch.equal(trial.get_state()[_WORDS], wanted):
            break
        torch.randint(0, 2, (_left(trial),), generator=trial)
    else:
        raise VerdictError(
            "a generator was seeded or set anew in the function; draw from it, and leave its state alone"
        )
    _draw(trial, _next(new) - _next(trial.get_state()))
    if _next(trial.get_state()) != _next(new):
        raise VerdictError("a generator was set back in the function; draw from it, and leave its state alone")
    mine.set_state(trial.get_state())


def _draw(generator: torch.Generator, count: int) -> None:
    if 0 < count < BLOCK + 1:
        torch.randint(0, 2, (count,), generator=generator)


def _next(state: torch.Tensor) -> int:
    return _LEFT_SEEDED_NEXT.unpack(bytes(state[8:24].numpy()))[2]


def _left(generator: torch.Generator) -> int:
    """Draws until the words are made anew."""
    left = _LEFT_SEEDED_NEXT.unpack(bytes(generator.get_state()[8:24].numpy()))[0]
    return max(1, left)
