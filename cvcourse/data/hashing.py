"""Random numbers without a state: each is a hash of a seed, one or more indices, a name and a place.

A renderer that takes all its numbers from here gives picture 17 the same numbers whether it is computed alone, in a
batch, on another day or on a GPU, and never touches torch's global generators.
"""

import math
import zlib

import torch
from torch import Tensor

from cvcourse.data.poisson import poisson

_MASK = 0xFFFFFFFF
# "lowbias32", the multiplicative hash with the least bias that C. Wellons' search found ("Prospecting for Hash
# Functions", 2018); all arithmetic is modulo 2**32, which int32 tensors do by themselves.
_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B
_UNIT = 2.0**-24  # float32 holds whole numbers up to 2**24 exactly


class Draws:
    """The random numbers of a batch of pictures.

    >>> draws = Draws(0, torch.tensor([3, 7]))
    >>> draws.uniform("position", 2).shape
    torch.Size([2, 2])
    >>> bool((draws.uniform("position", 2)[1] == Draws(0, torch.tensor([7])).uniform("position", 2)[0]).all())
    True

    Args:
        seed: any whole number; different seeds give unrelated numbers.
        indices: one or more int64 tensors of shape (N,); for instance the person and the photograph.
    """

    def __init__(self, seed: int, *indices: Tensor) -> None:
        self.device = indices[0].device
        self.size = len(indices[0])
        start = _mix_whole(_mix_whole(seed & _MASK) ^ (seed >> 32 & _MASK))
        state = torch.full((self.size,), _signed(start), dtype=torch.int32, device=self.device)
        for index in indices:
            state = _mix(state ^ index.to(torch.int32))
            state = _mix(state ^ (index >> 32).to(torch.int32) ^ _signed(_FIRST))
        self._state = state

    def uniform(self, name: str, *shape: int) -> Tensor:
        """Numbers in [0, 1): float32 of shape (N, *shape). Each name is a stream of its own."""
        count = math.prod(shape)
        places = torch.arange(count, dtype=torch.int32, device=self.device)
        stream = _mix(self._state ^ _signed(zlib.crc32(name.encode())))
        bits = _mix(stream[:, None] ^ _mix(places))
        numbers = bits.bitwise_right_shift_(8).bitwise_and_(0xFFFFFF).to(torch.float32).mul_(_UNIT)
        return numbers.view(self.size, *shape)

    def normal(self, name: str, *shape: int) -> Tensor:
        """Numbers of mean 0 and variance 1 (Box and Muller, 1958): float32 of shape (N, *shape)."""
        count = math.prod(shape)
        half = (count + 1) // 2
        pairs = self.uniform(name, 2, half)
        radius = pairs[:, 0].neg().add_(1).log_().mul_(-2).sqrt_()  # of 1 - u, which is never 0
        angle = pairs[:, 1].mul(2 * math.pi)
        numbers = torch.cat([radius * angle.cos(), radius * angle.sin()], 1)[:, :count]
        return numbers.reshape(self.size, *shape)

    def between(self, name: str, low: float, high: float, *shape: int) -> Tensor:
        """Numbers in [low, high): float32 of shape (N, *shape)."""
        return self.uniform(name, *shape) * (high - low) + low

    def choice(self, name: str, options: int, *shape: int) -> Tensor:
        """Whole numbers from 0 to `options` - 1: int64 of shape (N, *shape)."""
        return (self.uniform(name, *shape) * options).long().clamp_(max=options - 1)

    def poisson(self, name: str, rate: Tensor) -> Tensor:
        """Counts of mean `rate`: float32 of the shape of `rate`, (N, ...); see `cvcourse.data.poisson`."""
        return poisson(rate, *self.uniform(name, 2, *rate.shape[1:]).unbind(1))


def _signed(number: int) -> int:
    """A whole number modulo 2**32 as int32 holds it."""
    number &= _MASK
    return number - (1 << 32) if number >> 31 else number


def _mix_whole(x: int) -> int:
    x = (x ^ x >> 16) * _FIRST & _MASK
    x = (x ^ x >> 15) * _SECOND & _MASK
    return x ^ x >> 16


def _mix(x: Tensor) -> Tensor:
    """`_mix_whole` of int32 tensors; the masks take away the sign that an arithmetic shift drags in."""
    x = (x ^ (x >> 16).bitwise_and_(0xFFFF)).mul_(_FIRST)
    x.bitwise_xor_((x >> 15).bitwise_and_(0x1FFFF)).mul_(_signed(_SECOND))
    return x.bitwise_xor_((x >> 16).bitwise_and_(0xFFFF))
