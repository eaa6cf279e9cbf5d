"""What every rendered data set must keep: the checks that the tests of the renderers share."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from cvcourse.data.rendered import Batch, Rendered


def same(first: Batch, second: Batch, rows: Tensor | slice = slice(None)) -> bool:
    """Whether `first` equals the given rows of `second` in every entry."""
    return all(torch.equal(getattr(first, f.name), getattr(second, f.name)[rows]) for f in fields(first))


def check_pure(make: Callable[..., Rendered]) -> None:
    """A picture depends on seed and index alone, and nothing global changes while it is made."""
    torch.manual_seed(5)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    whole = make(seed=3).batch(range(12))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all() and random.getstate() == before[2]
    torch.manual_seed(6)
    order = torch.tensor([7, 2, 11, 2])
    assert same(make(seed=3).batch(order), whole, order)
    assert same(make(seed=3).batch([9]), whole, slice(9, 10))
    chunked = make(seed=3)
    chunked.chunk = 5
    assert same(chunked.batch(range(12)), whole)
    assert same(make(seed=3).batch([-1]), make(seed=3).batch([len(make(seed=3)) - 1]))
    other = make(seed=4).batch(range(12))
    first = fields(whole)[0].name
    assert not any(torch.equal(getattr(whole, first)[i], getattr(other, first)[i]) for i in range(12))


def fingerprint(images: Tensor, levels: int = 16) -> str:
    """A hash of pictures (N, C, H, W) with values in [0, 1], averaged over 8 x 8 blocks and rounded.

    The averages hide what differs between processors in the last bit.
    """
    blocks = (F.avg_pool2d(images.double(), 8) * levels).round().to(torch.uint8)
    return hashlib.sha256(blocks.numpy().tobytes()).hexdigest()[:16]
