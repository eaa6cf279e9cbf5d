"""Smooth random fields and periodic patterns, the raw material of backgrounds and textures."""

import math

import torch
from torch import Tensor


def smooth(nodes: Tensor, height: int, width: int) -> Tensor:
    """Value noise: a field (..., height, width) that runs smoothly through the nodes (..., rows, columns).

    Between two nodes the field follows 3t**2 - 2t**3, so that it has no creases (Perlin, 1985).
    """
    left, right, across = _between(nodes.shape[-1], width, nodes.device)
    rows = torch.lerp(nodes.index_select(-1, left), nodes.index_select(-1, right), across)
    field = torch.empty(*nodes.shape[:-2], height, width, dtype=nodes.dtype, device=nodes.device)
    above, _, down = _between(nodes.shape[-2], height, nodes.device)
    start = 0
    for node, number in enumerate(torch.bincount(above).tolist()):  # row by row of nodes: nothing is copied
        part = slice(start, start + number)
        upper, lower = rows[..., node : node + 1, :], rows[..., node + 1 : node + 2, :]
        torch.lerp(upper, lower, down[part, None], out=field[..., part, :])
        start += number
    return field


def _between(nodes: int, pixels: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """For each pixel the nodes on both sides and the weight of the second; the nodes span the whole length."""
    place = (torch.arange(pixels, device=device) + 0.5) * ((nodes - 1) / pixels)
    first = place.floor().long().clamp_(max=nodes - 2)
    rest = place - first
    return first, first + 1, rest * rest * (3 - 2 * rest)


def ridges(phase: Tensor) -> Tensor:
    """A triangular wave of period 1 with values in [-0.5, 0.5], in place."""
    return phase.sub_(phase.floor()).sub_(0.5).abs_().mul_(2).sub_(0.5)


def coordinates(size: int, device: torch.device) -> Tensor:
    """The pixels' centres on [-1, 1]: (size,)."""
    return (torch.arange(size, device=device) + 0.5) * (2 / size) - 1


def kernel(sigma: float) -> list[float]:
    """A Gaussian of `sigma` pixels cut off at 3 sigma, from its middle outwards; the sum over both sides is 1."""
    reach = max(1, math.ceil(3 * sigma))
    weights = [math.exp(-(step**2) / (2 * sigma**2)) for step in range(reach + 1)]
    total = weights[0] + 2 * sum(weights[1:])
    return [weight / total for weight in weights]


def blur(image: Tensor, sigma: float) -> Tensor:
    """The image (..., H, W) convolved with a Gaussian of `sigma` pixels, reflected at the borders.

    Sums are taken in a fixed order, so that the result does not depend on the batch.
    """
    if sigma <= 0:
        return image
    weights = kernel(sigma)
    return _along(_along(image, weights, -1), weights, -2)


def _along(image: Tensor, weights: list[float], axis: int) -> Tensor:
    """A symmetric kernel applied along one axis; `weights` runs from its middle outwards."""
    reach, length = len(weights) - 1, image.shape[axis]
    places = torch.arange(-reach, length + reach, device=image.device)
    period = 2 * length
    places = places.remainder(period)
    places = torch.where(places < length, places, period - 1 - places)
    padded = image.index_select(axis, places)
    result = image * weights[0]
    for step in range(1, reach + 1):
        result.add_(padded.narrow(axis, reach - step, length), alpha=weights[step])
        result.add_(padded.narrow(axis, reach + step, length), alpha=weights[step])
    return result
