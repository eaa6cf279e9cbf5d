"""Noise models of imaging, each a function of a signal and a source of random numbers.

A signal is a float tensor (N, ..., H, W) in units where 1 is the brightest expected value. Results are not clipped: the
mean of the noise stays zero, on which denoising without clean pictures rests. The source is a `Draws` (numbers from
seed and index, as the renderers need) or a `GeneratorSource` (numbers from a torch generator).
"""

import math
from typing import Protocol

import torch
from torch import Tensor

from cvcourse.data.fields import blur, kernel


class Source(Protocol):
    """Where random numbers come from; N and the device are its own."""

    def uniform(self, name: str, *shape: int) -> Tensor:
        """Numbers in [0, 1): float32 (N, *shape)."""

    def normal(self, name: str, *shape: int) -> Tensor:
        """Numbers of mean 0 and variance 1: float32 (N, *shape)."""

    def poisson(self, name: str, rate: Tensor) -> Tensor:
        """Counts of mean `rate` (N, ...), elementwise."""


class GeneratorSource:
    """Random numbers from a torch generator, in the order in which they are asked for.

    Args:
        size: N.
        device: of the numbers; it must be that of the generator.
        generator: default torch's global one.
    """

    def __init__(self, size: int, device: torch.device, generator: torch.Generator | None = None) -> None:
        if generator is not None and generator.device.type != device.type:
            raise ValueError(
                f"the generator lives on {generator.device} and the image on {device}: make it with "
                f"torch.Generator({device.type!r})"
            )
        self.size, self.device, self.generator = size, device, generator

    def uniform(self, name: str, *shape: int) -> Tensor:
        return torch.rand(self.size, *shape, generator=self.generator, device=self.device)

    def normal(self, name: str, *shape: int) -> Tensor:
        return torch.randn(self.size, *shape, generator=self.generator, device=self.device)

    def poisson(self, name: str, rate: Tensor) -> Tensor:
        return torch.poisson(rate, generator=self.generator)


def gaussian(signal: Tensor, source: Source, *, sigma: float) -> Tensor:
    """Independent normal noise of standard deviation `sigma`, the same at every brightness."""
    return signal + sigma * source.normal("gaussian", *signal.shape[1:])


def camera(signal: Tensor, source: Source, *, gain: float, read_noise: float, offset: float = 0.0) -> Tensor:
    """What a camera reads: Poisson noise of the photo-electrons, normal noise of the amplifier, a constant offset.

    z = gain * Poisson(signal / gain) + read_noise * Normal(0, 1) + offset, so that the mean is signal + offset and the
    variance gain * signal + read_noise**2 (Foi, Trimeche, Katkovnik and Egiazarian, 2008, equations 1 to 3).

    Args:
        signal: (N, ...); what is below 0 counts as 0.
        source: of the random numbers.
        gain: signal a photo-electron, 0 or larger; 0 leaves the Poisson noise out.
        read_noise: standard deviation of the amplifier's noise, in units of the signal.
        offset: what the camera reads in the dark.
    """
    signal = signal.clamp(min=0)
    read = gain * source.poisson("photons", signal / gain) if gain > 0 else signal.clone()
    if read_noise > 0:
        read.add_(source.normal("read noise", *signal.shape[1:]), alpha=read_noise)
    return read.add_(offset)


def rows(signal: Tensor, source: Source, *, sigma: float, share: float = 0.9) -> Tensor:
    """Normal noise of standard deviation `sigma` of which a part is the same all along a row, as in line scanners.

    Args:
        signal: (N, ..., H, W).
        source: of the random numbers.
        sigma: standard deviation of the whole.
        share: the part of the variance that a row shares, 0 to 1; it is the correlation of two pixels in a row.
    """
    shared = source.normal("rows", *signal.shape[1:-1], 1)
    own = source.normal("gaussian", *signal.shape[1:])
    return signal + sigma * (math.sqrt(share) * shared + math.sqrt(1 - share) * own)


def blurred(signal: Tensor, source: Source, *, sigma: float, width: float = 1.0) -> Tensor:
    """Normal noise of standard deviation `sigma`, convolved with a Gaussian: neighbours are correlated.

    Two pixels at distance d have the correlation exp(-d**2 / (4 width**2)), nearly; a camera's demosaicking and a
    file's compression leave noise like this.

    Args:
        signal: (N, ..., H, W).
        source: of the random numbers.
        sigma: standard deviation of the whole.
        width: of the Gaussian in pixels, 0 or larger.
    """
    if width <= 0:
        return gaussian(signal, source, sigma=sigma)
    weights = kernel(width)
    margin, height = len(weights) - 1, signal.shape[-2]
    field = source.normal("blurred", *signal.shape[1:-2], height + 2 * margin, signal.shape[-1] + 2 * margin)
    field = blur(field, width)[..., margin:-margin, margin:-margin]
    energy = weights[0] ** 2 + 2 * sum(weight**2 for weight in weights[1:])  # the variance left along one axis
    return signal + field * (sigma / energy)


def salt_and_pepper(signal: Tensor, source: Source, *, share: float) -> Tensor:
    """A share of the pixels replaced by 0 or 1, half of them each, as dead and hot pixels are."""
    numbers = source.uniform("salt", *signal.shape[1:])
    return torch.where(numbers < share / 2, 0.0, torch.where(numbers < share, 1.0, signal))
