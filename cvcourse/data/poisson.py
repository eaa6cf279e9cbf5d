"""Poisson counts from uniform numbers, elementwise and without a loop that depends on the data.

torch's own `torch.poisson` takes a generator, whose numbers differ between devices and with the batch.
A rate is split into a multiple of 1/8 and a rest. The sum of independent Poisson counts is a Poisson count of the
summed rate, so each part is drawn by the means that suit it: the first from a table, the rest by inversion in a few
steps.
"""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

_STEPS_PER_UNIT = 8
_LARGEST_EXACT = 64  # rates above are drawn from the normal quantile instead
_COUNTS = 128  # a rate of 64 exceeds 127 with probability 1e-12
_HALF_STEP = 2.0**-18  # half the spacing of uniform numbers, multiples of 2**-24, after multiplication by 128
_LARGEST_REST = 4  # a rate of 1/8 exceeds 4 with probability 2e-7


def poisson(rate: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Counts of mean and variance `rate`, exact up to a rate of 64.

    Above 64 the count is the rounded normal quantile with the correction for skewness (Cornish and Fisher, 1938).

    Args:
        rate: expected counts, 0 or larger; float32 of any shape.
        first, second: independent uniform numbers in [0, 1) of the same shape.

    Returns:
        Whole numbers as float32, of the shape of `rate`.
    """
    exact = rate.clamp(max=_LARGEST_EXACT)
    step = (exact * _STEPS_PER_UNIT).floor_()
    counts = _from_table(step, first) + _by_inversion(exact - step / _STEPS_PER_UNIT, second)
    if not rate.numel() or float(rate.max()) <= _LARGEST_EXACT:
        return counts
    normal = torch.special.ndtri(first.clamp(2.0**-25, 1 - 2.0**-24))
    large = rate + rate.clamp(min=1).sqrt() * normal + (normal**2 - 1) / 6
    return torch.where(rate > _LARGEST_EXACT, large.round_().clamp_(min=0), counts)


def _from_table(step: Tensor, numbers: Tensor) -> Tensor:
    """Counts of rate `step` / 8, by Walker's alias method (1977): one look at a table, whatever the rate."""
    keep, other = _alias_tables(str(numbers.device))
    place = numbers * _COUNTS
    column = place.floor()
    cell = torch.add(column, step, alpha=_COUNTS).to(torch.int32).flatten()
    rest = place.sub_(column).add_(_HALF_STEP)  # without it a rest of exactly 0 would stay in a column of 1e-30
    stays = rest.flatten() < keep.index_select(0, cell)
    return torch.where(stays, column.flatten(), other.index_select(0, cell)).view_as(numbers)


def _by_inversion(rate: Tensor, numbers: Tensor) -> Tensor:
    """Counts of a rate below 1/8: how many values of the distribution function lie at or below `numbers`."""
    term = rate.neg().exp_()
    below = term.clone()
    counts = (numbers >= below).to(rate.dtype)
    more = torch.empty_like(rate)
    for count in range(1, _LARGEST_REST):
        term.mul_(rate)
        below.add_(term, alpha=1 / math.factorial(count))
        counts.add_(torch.ge(numbers, below, out=more))
    return counts


@lru_cache(maxsize=4)
def _alias_tables(device: str) -> tuple[Tensor, Tensor]:
    """For each rate and column: the probability of staying there, and the count to go to otherwise."""
    rates = np.arange(_LARGEST_EXACT * _STEPS_PER_UNIT + 1) / _STEPS_PER_UNIT
    counts = np.arange(_COUNTS)
    factorials = np.array([math.lgamma(count + 1) for count in counts])
    rows = [_alias_row(np.exp(counts * math.log(rate) - rate - factorials)) for rate in rates[1:]]
    rows.insert(0, _alias_row(np.eye(_COUNTS)[0]))  # of rate 0
    keep, other = (np.stack(table).astype(np.float32).ravel() for table in zip(*rows, strict=True))
    return torch.from_numpy(keep).to(device), torch.from_numpy(other).to(device)


def _alias_row(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One row of the table (Vose's construction, 1991)."""
    scaled = probabilities / math.fsum(probabilities) * len(probabilities)
    keep, other = np.ones(len(scaled)), np.arange(len(scaled))
    poor = [i for i, value in enumerate(scaled) if value < 1]
    rich = [i for i, value in enumerate(scaled) if value >= 1]
    while poor and rich:
        needy, giver = poor.pop(), rich[-1]
        keep[needy], other[needy] = scaled[needy], giver
        scaled[giver] -= 1 - scaled[needy]
        if scaled[giver] < 1:
            poor.append(rich.pop())
    return keep, other
