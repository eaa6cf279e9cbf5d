"""The random numbers of the renderers: `cvcourse.data.hashing` and `cvcourse.data.poisson`."""

import numpy as np
import pytest
import torch
from scipy import stats

from cvcourse.data.hashing import Draws
from cvcourse.data.poisson import poisson

MANY = torch.arange(400)


def test_numbers_depend_on_seed_index_and_name_alone():
    numbers = Draws(1, MANY).uniform("a", 3, 5)
    assert torch.equal(Draws(1, torch.tensor([17])).uniform("a", 3, 5)[0], numbers[17])
    assert not torch.equal(Draws(2, MANY).uniform("a", 3, 5), numbers)
    assert not torch.equal(Draws(1, MANY).uniform("b", 3, 5), numbers)
    assert not torch.equal(Draws(1 + 2**40, MANY).uniform("a", 3, 5), numbers)
    assert not torch.equal(Draws(1, MANY + 2**40).uniform("a", 3, 5), numbers)


def test_a_known_number_stays_what_it_is():
    # Computed with Python's whole numbers from the published constants of lowbias32.
    def mix(x: int) -> int:
        x = (x ^ x >> 16) * 0x7FEB352D & 0xFFFFFFFF
        x = (x ^ x >> 15) * 0x846CA68B & 0xFFFFFFFF
        return x ^ x >> 16

    import zlib

    state = mix(mix(mix(mix(9) ^ 0) ^ 1234) ^ 0 ^ 0x7FEB352D)
    bits = mix(mix(state ^ zlib.crc32(b"name")) ^ mix(2))
    assert Draws(9, torch.tensor([1234])).uniform("name", 3)[0, 2] == (bits >> 8) / 2**24


def test_uniform_and_normal_numbers_have_their_distributions():
    uniform = Draws(0, MANY).uniform("u", 500)
    assert uniform.min() >= 0 and uniform.max() < 1
    assert stats.kstest(uniform.flatten().numpy(), "uniform").pvalue > 1e-3
    normal = Draws(0, MANY).normal("n", 501)
    assert normal.shape == (400, 501)
    assert stats.kstest(normal.flatten().numpy(), "norm").pvalue > 1e-3


@pytest.mark.parametrize("numbers", [Draws(0, MANY).uniform("u", 4000), Draws(0, MANY).normal("n", 4000)])
def test_neighbours_are_independent(numbers):
    numbers = (numbers - numbers.mean()) / numbers.std()
    bound = 4.5 / 4000**0.5
    assert (numbers[1:] * numbers[:-1]).mean(1).abs().max() < bound  # neighbouring indices
    assert (numbers[:, 1:] * numbers[:, :-1]).mean(1).abs().max() < bound  # neighbouring places
    seeds = torch.stack([Draws(seed, MANY[:1]).normal("n", 4000)[0] for seed in range(20)])
    assert (seeds[1:] * seeds[:-1]).mean(1).abs().max() < bound


def test_choices_are_even_and_in_range():
    counts = torch.bincount(Draws(0, MANY).choice("c", 7, 1000).flatten(), minlength=7)
    assert len(counts) == 7 and stats.chisquare(counts.numpy()).pvalue > 1e-3


@pytest.mark.parametrize("rate", [0.01, 0.7, 3.06, 20.3, 63.9])
def test_poisson_counts_are_exact_up_to_64(rate):
    counts = Draws(0, MANY).poisson("p", torch.full((400, 500), rate)).long().flatten()
    seen = torch.bincount(counts).numpy()
    expected = stats.poisson.pmf(np.arange(len(seen)), rate) * len(counts)
    often = expected > 5
    assert stats.chisquare(seen[often], expected[often] * seen[often].sum() / expected[often].sum()).pvalue > 1e-3
    assert seen[~often].sum() < 60  # and hardly anything where next to nothing is expected


def test_large_poisson_counts_have_their_mean_and_variance():
    rate = torch.full((400, 500), 300.0)
    counts = Draws(0, MANY).poisson("p", rate)
    assert counts.mean().item() == pytest.approx(300, abs=0.2)
    assert counts.var().item() == pytest.approx(300, rel=0.015)
    assert (Draws(0, MANY).poisson("p", torch.zeros(400, 3)) == 0).all()


def test_a_count_does_not_depend_on_the_rates_beside_it():
    first, second = Draws(0, MANY).uniform("p", 2, 6).unbind(1)
    rate = torch.linspace(0, 90, 2400).view(400, 6)
    assert torch.equal(poisson(rate, first, second)[:50], poisson(rate[:50], first[:50], second[:50]))
