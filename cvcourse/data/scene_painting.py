"""Scenes from layouts: background, clutter, shaded objects with shadows, noise; and what of each object can be seen."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from cvcourse.data.fields import coordinates, ridges, smooth
from cvcourse.data.hashing import Draws
from cvcourse.data.noise_table import add_noise
from cvcourse.data.scene_layout import Layout, SceneOptions
from cvcourse.data.shapes import SHAPES
from cvcourse.data.windows import Windows, cut, rotated

_SIDES = 4  # windows come in that many sizes: more waste less around small objects, but are more calls
_SHADOW_SHIFT = 0.02  # how far a shadow falls to the right and down, of the picture's side
_SHADOW_SOFTNESS = 0.04  # width of its edge, of the picture's side
_OFFERS = 6  # colours tried for an object
_LEVELS = 255.999  # [0, 1] in 256 equal steps


@dataclass
class Objects:
    """All objects of a batch in the order in which they are painted: by place, then by size of window, then by kind.

    Attributes are (M,) or (M, ...): `scene` says in which picture an object lies, `place` which of the layout it is.
    """

    scene: Tensor
    place: Tensor
    kind: Tensor
    x: Tensor
    y: Tensor
    radius: Tensor
    angle: Tensor


@dataclass
class Piece:
    """Objects at the same place of their scenes with windows of one size: `part` is their slice of `Objects`."""

    part: slice
    windows: Windows
    u: Tensor
    v: Tensor
    distance: Tensor
    alpha: Tensor


def paint(
    layout: Layout, scene: Draws, moment: Draws, options: SceneOptions
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The pictures of a layout.

    Args:
        layout: what stands where.
        scene: the numbers for what does not change in a clip: background, clutter, colours.
        moment: the numbers for what is new in each frame: the noise.
        options: of the scenes.

    Returns:
        Images uint8 (N, 3, S, S); boxes float32 (N, K, 4); labels int64 (N, K), 0 where there is none; the places of
        the objects in the layout int64 (N, K), -1 where there is none; ids uint8 (N, S, S), 0 for the background and
        k + 1 for the pixels of the object in row k.
    """
    objects, counts, sides = _sorted(layout, options)
    pieces = _pieces(objects, counts, sides, options)
    ids, boxes, labels, places, kept = _visible(pieces, objects, layout, options)
    canvas, base = _background(scene, options)
    _add_clutter(canvas, scene, options)
    _add_objects(canvas, pieces, objects, kept, _looks(scene, layout, base, options))
    add_noise(canvas, _noise_strength(scene, options), moment)
    images = canvas.clamp_(0, 1).mul_(_LEVELS).to(torch.uint8)
    return images.transpose(0, 1).contiguous(), boxes, labels, places, ids


def _sorted(layout: Layout, options: SceneOptions) -> tuple[Objects, list[list[list[int]]], list[int]]:
    """The objects in painting order, how many there are of each (place, side, kind), and the sides."""
    places = layout.live.shape[1]
    shadow = options.size * (_SHADOW_SHIFT + _SHADOW_SOFTNESS / 2)
    smallest, largest = (2 * (radius + shadow) + 2 for radius in options.radius)
    step = max(1.0, (largest - smallest) / _SIDES)
    sides = [min(options.size, math.ceil(smallest + step * (number + 1))) for number in range(_SIDES)]
    which = ((2 * (layout.radius + shadow) + 2 - smallest) / step).floor().long().clamp_(0, _SIDES - 1)
    place = torch.arange(places, device=layout.live.device).expand_as(layout.live)
    key = ((place * _SIDES + which) * len(SHAPES) + layout.kind)[layout.live]
    order = key.argsort(stable=True)
    scene, taken = layout.live.nonzero().unbind(1)
    fields = (layout.kind, layout.x, layout.y, layout.radius, layout.angle)
    objects = Objects(scene[order], taken[order], *(field[layout.live][order] for field in fields))
    counts = torch.bincount(key, minlength=places * _SIDES * len(SHAPES))
    return objects, counts.view(places, _SIDES, len(SHAPES)).tolist(), sides


def _pieces(objects: Objects, counts: list[list[list[int]]], sides: list[int], options: SceneOptions) -> list[Piece]:
    """The objects cut into pieces that are painted at once, the frontmost first."""
    pieces, start = [], 0
    for of_place in counts:
        for side, of_kind in zip(sides, of_place, strict=True):
            part = slice(start, start + sum(of_kind))
            if part.stop > start:
                pieces.append(_piece(objects, part, of_kind, side, options.size))
            start = part.stop
    return pieces


def _piece(objects: Objects, part: slice, of_kind: list[int], side: int, size: int) -> Piece:
    x, y, radius = objects.x[part], objects.y[part], objects.radius[part, None, None]
    windows = cut(objects.scene[part], x, y, side, size, size)
    u, v = rotated(windows, x, y, objects.angle[part])
    distance = torch.empty_like(u)
    start = 0
    for shape, number in zip(SHAPES.values(), of_kind, strict=True):
        same = slice(start, start + number)
        if number:
            distance[same] = shape(u[same], v[same], radius[same])
        start += number
    return Piece(part, windows, u, v, distance, (0.5 - distance).clamp_(0, 1))


def _visible(
    pieces: list[Piece], objects: Objects, layout: Layout, options: SceneOptions
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Goes from front to back and leaves out every object of which too little can be seen.

    Returns:
        ids, boxes, labels and places as `paint` does, and bool (M,): which objects are kept.
    """
    scenes, places = layout.live.shape
    device = layout.live.device
    ids = torch.zeros(scenes, options.size, options.size, dtype=torch.uint8, device=device)
    boxes = torch.zeros(scenes, places + 1, 4, device=device)  # the last row takes what is left out
    labels = torch.zeros(scenes, places + 1, dtype=torch.long, device=device)
    origins = torch.full((scenes, places + 1), -1, dtype=torch.long, device=device)
    seen_so_far = torch.zeros(scenes, dtype=torch.long, device=device)
    kept = torch.zeros(len(objects.scene), dtype=torch.bool, device=device)
    for piece in pieces:
        scene, before = objects.scene[piece.part], piece.windows.read(ids)
        seen = (piece.alpha > 0.5) & (before == 0)
        keep = seen.flatten(1).sum(1) >= options.min_visible
        row = torch.where(keep, seen_so_far[scene], places)
        number = (row + 1).to(torch.uint8)[:, None, None]
        piece.windows.write(ids, torch.where(seen & keep[:, None, None], number, before))
        boxes[scene, row] = _bounds(seen, piece.windows)
        labels[scene, row] = objects.kind[piece.part] + 1
        origins[scene, row] = objects.place[piece.part]
        seen_so_far[scene] += keep
        kept[piece.part] = keep
    return ids, boxes[:, :places], labels[:, :places], origins[:, :places], kept


def _bounds(seen: Tensor, windows: Windows) -> Tensor:
    """Boxes (M, 4), xyxy with exclusive right and lower edges, around the pixels that are seen (M, side, side)."""
    columns, rows = seen.any(1).int(), seen.any(2).int()
    side = seen.shape[1]
    left, top = windows.left + columns.argmax(1), windows.top + rows.argmax(1)
    right = windows.left + side - columns.flip(1).argmax(1)
    bottom = windows.top + side - rows.flip(1).argmax(1)
    return torch.stack([left, top, right, bottom], 1).float()


def _background(draws: Draws, options: SceneOptions) -> tuple[Tensor, Tensor]:
    """The empty canvas (3, N, S, S), values around [0, 1], and its mean colour (N, 3)."""
    size, n = options.size, draws.size
    level, tint = draws.between("level", 0.25, 0.75, 1), draws.between("tint", -0.18, 0.18, 3)
    base = level + tint
    weights = draws.uniform("background", 8)
    nodes = draws.between("clouds", -0.5, 0.5, 3, 6, 6) * (options.texture * weights[:, 0]).view(n, 1, 1, 1)
    canvas = smooth((nodes + base[:, :, None, None]).transpose(0, 1), size, size)
    along = coordinates(size, draws.device)
    ramp = weights[:, 1, None, None] * along[:, None] + (weights[:, 2, None, None] - 0.5) * along
    slope = draws.between("slope", -0.16, 0.16, 3)
    angle, periods = weights[:, 3] * math.pi, 3 + 6 * weights[:, 4]
    cos, sin = (angle.cos() * periods)[:, None], (angle.sin() * periods)[:, None]
    pattern = ridges((cos * along)[:, None, :] + (sin * along)[:, :, None])
    checks = ridges((cos * along)[:, :, None] - (sin * along)[:, None, :]).mul_(2)
    checked = (weights[:, 5] > 0.6).float()[:, None, None]
    pattern.mul_(checks.mul_(checked).add_(1 - checked))
    pattern.mul_((options.stripes * weights[:, 6] ** 2)[:, None, None])
    for channel in range(3):
        canvas[channel].add_(pattern).addcmul_(ramp, slope[:, channel, None, None])
    return canvas, base


def _add_clutter(canvas: Tensor, draws: Draws, options: SceneOptions) -> None:
    """Short bars and dots of low contrast, one to a cell of a grid that is shifted at random; in place."""
    cells = 6
    size, n = options.size, draws.size
    side = max(4, size // (cells - 1))
    phase = draws.uniform("clutter phase", 2, 1) * side - side
    start = torch.arange(cells, device=draws.device) * side
    left, top = (
        (start + phase[:, 0])[:, None, :].expand(n, cells, cells),
        (start + phase[:, 1])[:, :, None].expand(n, cells, cells),
    )
    parts = draws.uniform("clutter", 10, cells, cells)
    live = (parts[:, 0] < options.clutter) & (left >= 0) & (top >= 0) & (left <= size - side) & (top <= size - side)
    parts = parts.permute(0, 2, 3, 1)[live]
    if not len(parts):
        return
    x, y = left[live].floor() + side / 2, top[live].floor() + side / 2
    windows = cut(live.nonzero()[:, 0], x, y, side, size, size)
    unit = size / 128
    half, thick = (1 + 7 * parts[:, 1]) * unit, (0.7 + 1.1 * parts[:, 2]) * unit
    play = (side / 2 - half - 1).clamp(min=0)
    x, y = x + play * (2 * parts[:, 3] - 1), y + play * (2 * parts[:, 4] - 1)
    u, v = rotated(windows, x, y, parts[:, 5] * math.pi)
    outside = torch.maximum(u.abs_() - (half - thick)[:, None, None].clamp(min=0), torch.zeros((), device=u.device))
    alpha = torch.hypot(outside, v).sub_(thick[:, None, None]).neg_().add_(0.5).clamp_(0, 1)
    for channel in range(3):
        change = (parts[:, 6 + channel] - 0.5)[:, None, None] * 0.6
        windows.write(canvas[channel], windows.read(canvas[channel]).addcmul_(alpha, change))


@dataclass
class _Looks:
    """How the objects look, (N, K, ...) in the places of the layout: colour, and the numbers of shading and pattern."""

    colour: Tensor
    numbers: Tensor
    stripes: float
    shadow: tuple[int, float]


def _looks(draws: Draws, layout: Layout, base: Tensor, options: SceneOptions) -> _Looks:
    """Colours that differ enough from the background's, with shading and pattern."""
    places = layout.live.shape[1]
    offers = draws.between("colour", 0.08, 0.95, places, _OFFERS, 3)
    grey = offers.mean(3, keepdim=True)
    offers = (grey + (offers - grey) * 1.4).clamp_(0.03, 0.98)
    behind = base[:, None, None, :]
    contrast = (offers - behind).abs().amax(3)
    first = (contrast >= options.contrast).int().argmax(2)
    best = torch.where(contrast.amax(2) >= options.contrast, first, contrast.argmax(2))
    colour = offers.gather(2, best[:, :, None, None].expand(-1, -1, 1, 3))[:, :, 0]
    shift = max(1, round(options.size * _SHADOW_SHIFT))
    return _Looks(
        colour,
        draws.uniform("looks", places, 6),
        min(0.5, 0.25 * options.difficulty),
        (shift, options.size * _SHADOW_SOFTNESS),
    )


def _add_objects(canvas: Tensor, pieces: list[Piece], objects: Objects, kept: Tensor, looks: _Looks) -> None:
    """Paint the objects that are kept, from the back to the front, each with its shadow; in place."""
    shift, softness = looks.shadow
    for piece in reversed(pieces):
        scene, place = objects.scene[piece.part], objects.place[piece.part]
        keep = kept[piece.part, None, None].float()
        colour, numbers = looks.colour[scene, place], looks.numbers[scene, place]
        shade = _shade(piece, objects, numbers, looks.stripes)
        alpha = piece.alpha.mul_(keep)
        shadow = piece.distance.mul(-1 / softness).add_(0.5).clamp_(0, 1)
        shadow = F.pad(shadow, (shift, -shift, shift, -shift)).mul_(-0.35 * keep).add_(1)
        for channel in range(3):
            behind = piece.windows.read(canvas[channel]).mul_(shadow)
            front = shade * colour[:, channel, None, None]
            piece.windows.write(canvas[channel], behind.lerp_(front, alpha))


def _shade(piece: Piece, objects: Objects, numbers: Tensor, stripes: float) -> Tensor:
    """What an object's colour is multiplied with (m, side, side): light from above left, a dark rim, a pattern."""
    part, windows = piece.part, piece.windows
    radius = objects.radius[part, None]
    light = (0.06 + 0.12 * numbers[:, 0, None]) / radius
    across, down = (windows.x - objects.x[part, None]) * light, (windows.y - objects.y[part, None]) * light
    shade = (1.04 - across)[:, None, :] - down[:, :, None]
    rim = piece.distance.div(radius[:, :, None] * 0.3).add_(1).clamp_(0, 1)
    shade.addcmul_(rim, rim, value=-0.2)
    periods = ((1 + 1.5 * numbers[:, 1]) / radius[:, 0])[:, None, None]
    checked = (numbers[:, 2] > 0.6).float()[:, None, None]
    pattern = ridges(piece.v * periods)
    pattern.mul_(ridges(piece.u * periods).mul_(2 * checked).add_(1 - checked))
    strength = stripes * (numbers[:, 3] * 2 - 0.8).clamp(0, 1)
    return shade.addcmul_(pattern, strength[:, None, None])


def _noise_strength(draws: Draws, options: SceneOptions) -> Tensor:
    """The standard deviation of each picture's noise (N,)."""
    low, high = options.noise
    return low + (high - low) * draws.uniform("noise", 1)[:, 0] ** 2
