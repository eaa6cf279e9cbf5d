"""The shapes of the scenes as signed distances: how many pixels a point lies outside (positive) or inside (negative).

Each function takes coordinates `u`, `v` relative to the shape's centre and the outer radius `r`, the radius of the
circle around the shape; all broadcast. The formulas follow I. Quilez, "2D distance functions"; those of the polygons
are bounds of the distance, exact along the edges and too small beyond the corners: all that antialiasing needs.
"""

import math

import torch
from torch import Tensor

RING_HOLE = 0.5  # inner by outer radius of a ring
STAR_POINTS = 5


def circle(u: Tensor, v: Tensor, r: Tensor) -> Tensor:
    """A disc of radius r."""
    return torch.hypot(u, v) - r


def square(u: Tensor, v: Tensor, r: Tensor) -> Tensor:
    """A square of half diagonal r."""
    return torch.maximum(u.abs(), v.abs()) - r * math.sqrt(0.5)


def triangle(u: Tensor, v: Tensor, r: Tensor) -> Tensor:
    """An equilateral triangle that points up, of circumradius r."""
    slopes = torch.maximum(u.abs() * math.cos(math.pi / 6) - v * 0.5, v)
    return slopes - r / 2


def star(u: Tensor, v: Tensor, r: Tensor) -> Tensor:
    """A five-pointed star (pentagram) of outer radius r: where at least four of five half planes meet."""
    sides = [
        u * math.cos(angle) + v * math.sin(angle)
        for angle in (2 * math.pi * (k + 0.25) / STAR_POINTS for k in range(STAR_POINTS))
    ]
    largest, second = torch.maximum(sides[0], sides[1]), torch.minimum(sides[0], sides[1])
    for side in sides[2:]:
        second = torch.maximum(second, torch.minimum(largest, side))
        largest = torch.maximum(largest, side)
    return second - r * math.cos(2 * math.pi / STAR_POINTS)


def ring(u: Tensor, v: Tensor, r: Tensor) -> Tensor:
    """A ring between the radii RING_HOLE * r and r."""
    return (torch.hypot(u, v) - r * ((1 + RING_HOLE) / 2)).abs() - r * ((1 - RING_HOLE) / 2)


# In the order of their labels; label 0 is the background.
SHAPES = {"circle": circle, "square": square, "triangle": triangle, "star": star, "ring": ring}

# Area in units of r squared, to say from which size on a shape can be seen.
AREAS = {
    "circle": math.pi,
    "square": 2.0,
    "triangle": 3 * math.sqrt(3) / 4,
    "star": 10 * math.tan(math.pi / 10) / (3 - math.tan(math.pi / 10) ** 2),
    "ring": math.pi * (1 - RING_HOLE**2),
}
