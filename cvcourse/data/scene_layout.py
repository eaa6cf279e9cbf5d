"""What stands where in a scene, decided before anything is painted."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from cvcourse.data.hashing import Draws
from cvcourse.data.rendered import chosen, pair, whole, within
from cvcourse.data.shapes import AREAS, SHAPES

HARDEST = 3.0
MOST_OBJECTS = 32
_TRIES = 4  # places tried for an object before it is left out


@dataclass(frozen=True)
class SceneOptions:
    """The options of the scenes; `Scenes` says what they mean. Lengths are in pixels here."""

    size: int
    difficulty: float
    objects: tuple[int, int]
    kinds: tuple[str, ...]
    radius: tuple[float, float]
    min_visible: int

    @classmethod
    def check(cls, size, difficulty, objects, kinds, radius, min_visible) -> "SceneOptions":
        """The options, with radii turned from shares of the side into pixels.

        Raises:
            ValueError: one is out of range, or the smallest object would be too small to be seen.
        """
        whole("size", size, 8, 4096)
        within("difficulty", difficulty, 0, HARDEST)
        low, high = (whole("objects", number, 1, MOST_OBJECTS) for number in pair("objects", objects, 1, MOST_OBJECTS))
        kinds = chosen("kind", kinds, tuple(SHAPES))
        small, large = pair("radius", radius, 0.01, 0.45, "of the side")
        if min_visible is None:
            min_visible = max(8, round(AREAS["star"] * (small * size) ** 2 * 0.7))
        whole("min_visible", min_visible, 1, size * size)
        options = cls(size, float(difficulty), (low, high), kinds, (small * size, large * size), min_visible)
        options._large_enough()
        return options

    def _large_enough(self) -> None:
        kind = min(self.kinds, key=AREAS.__getitem__)
        area = AREAS[kind] * self.radius[0] ** 2
        if area < self.min_visible:
            needed = math.ceil(self.size * math.sqrt(self.min_visible / area))
            raise ValueError(
                f"size {self.size} is too small: the smallest {kind} would cover {area:.0f} of the {self.min_visible} "
                f"pixels that must be visible; use size {needed} or more, or a larger radius"
            )

    # How each part of a picture grows harder. At difficulty 1 an object differs from the background by 0.22 or more.
    @property
    def contrast(self) -> float:
        """Difference between an object's and the background's mean colour in some channel, of 1, that is aimed at."""
        return 0.44 * 0.5**self.difficulty

    @property
    def gap(self) -> float:
        """Smallest distance of two centres, as a share of the sum of the radii."""
        return max(0.35, 0.95 - 0.2 * self.difficulty)

    @property
    def clutter(self) -> float:
        """Share of the places for clutter that are taken."""
        return min(1.0, 0.45 * self.difficulty)

    @property
    def texture(self) -> float:
        """Largest amplitude of the background's clouds, of 1."""
        return 0.3 * self.difficulty

    @property
    def stripes(self) -> float:
        """Largest amplitude of stripes and checks, of 1."""
        return 0.16 * self.difficulty

    @property
    def noise(self) -> tuple[float, float]:
        """Smallest and largest standard deviation of the pixel noise, of 1."""
        return 0.004 + 0.006 * self.difficulty, 0.01 + 0.042 * self.difficulty


@dataclass
class Layout:
    """The objects of N scenes, K places each, the frontmost first.

    Attributes:
        live: bool (N, K), whether the place is taken.
        kind: int64 (N, K), from 0, in the order of SHAPES.
        x, y, radius: float32 (N, K) in pixels; the radius is that of the circle around the object.
        angle: float32 (N, K) in radians.
    """

    live: Tensor
    kind: Tensor
    x: Tensor
    y: Tensor
    radius: Tensor
    angle: Tensor


def still(draws: Draws, options: SceneOptions) -> Layout:
    """The layout of single pictures: objects overlap by at most what `options.gap` allows."""
    places = options.objects[1]
    wanted = options.objects[0] + draws.choice("objects", options.objects[1] - options.objects[0] + 1)
    kind, radius, angle = _bodies(draws, options)
    # An object may reach over the border by half its radius, the frontmost by nothing: a scene is never empty.
    tries = draws.uniform("place", 2, places, _TRIES)
    margin = radius * torch.where(torch.arange(places, device=draws.device) == 0, 1.0, 0.5)
    span = (options.size - 2 * margin)[:, None, :, None]
    candidates = tries * span + margin[:, None, :, None]
    x, y = candidates[:, 0, :, 0].clone(), candidates[:, 1, :, 0].clone()
    live = torch.arange(places, device=draws.device) < wanted[:, None]
    for k in range(1, places):
        apart = options.gap * (radius[:, :k] + radius[:, k : k + 1])
        distance = _length(candidates[:, 0, k, :, None] - x[:, None, :k], candidates[:, 1, k, :, None] - y[:, None, :k])
        free = ((distance >= apart[:, None]) | ~live[:, None, :k]).all(2)
        first = free.int().argmax(1, keepdim=True)
        x[:, k], y[:, k] = candidates[:, 0, k].gather(1, first)[:, 0], candidates[:, 1, k].gather(1, first)[:, 0]
        live[:, k] &= free.any(1)
    return Layout(live, kind, x, y, radius, angle)


def _length(x: Tensor, y: Tensor) -> Tensor:
    return (x * x + y * y).sqrt_()


def moving(draws: Draws, options: SceneOptions, time: Tensor, frames: int, speed: tuple[float, float]) -> Layout:
    """The layout of single frames of clips: objects go straight on, cross, come in and leave.

    Args:
        draws: of the clips, one row a frame.
        options: of the scenes.
        time: float32 (N,), the number of each frame in its clip.
        frames: length of a clip.
        speed: slowest and fastest, in pixels a frame.
    """
    places = options.objects[1]
    wanted = options.objects[0] + draws.choice("objects", options.objects[1] - options.objects[0] + 1)
    kind, radius, angle = _bodies(draws, options)
    # Each object is somewhere inside the picture at a moment of its own, the frontmost one in the middle of the clip.
    inside = draws.between("place", 0.15, 0.85, 2, places) * options.size
    moment = draws.between("moment", 0, frames - 1, places)
    moment[:, 0] = (frames - 1) / 2
    course = draws.between("course", 0, 2 * math.pi, places)
    pace = draws.between("speed", *speed, places) * (time[:, None] - moment)
    spin = draws.between("spin", -0.06, 0.06, places) * time[:, None]
    live = torch.arange(places, device=draws.device) < wanted[:, None]
    x, y = inside[:, 0] + pace * course.cos(), inside[:, 1] + pace * course.sin()
    return Layout(live, kind, x, y, radius, angle + spin)


def _bodies(draws: Draws, options: SceneOptions) -> tuple[Tensor, Tensor, Tensor]:
    """Kind, radius and angle of each place."""
    places = options.objects[1]
    names = list(SHAPES)
    numbers = torch.tensor([names.index(kind) for kind in options.kinds], device=draws.device)
    kind = numbers[draws.choice("kind", len(numbers), places)]
    return kind, draws.between("radius", *options.radius, places), draws.between("angle", 0, 2 * math.pi, places)
