"""Faces drawn from their parameters: layers of ellipses and bands, from the backdrop to the frame of the glasses.

Each layer is a coverage in [0, 1] and a colour. A layer is computed only in the rows and columns that it can reach.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from cvcourse.data.face_parameters import People, Shots
from cvcourse.data.fields import coordinates
from cvcourse.data.hashing import Draws
from cvcourse.data.noise_table import add_noise

_LEVELS = 255.999  # [0, 1] in 256 equal steps
_LIPS = (0.66, 0.26, 0.26)
_MOST_MIXED = 0.7  # share of its neighbours in a blurred pixel at most: beyond 2/3 details would turn round
# Boxes (u1, v1, u2, v2) on the heads that hold a layer for every person and every shot, the hardest included.
_BODY_BOX = (-2.0, 0.15, 2.0, 2.0)
_EARS_BOX = (-0.72, -0.2, 0.72, 0.25)
_BEARD_BOX = (-0.65, -0.1, 0.65, 0.9)
_HAIR_BOX = (-0.75, -0.95, 0.75, 0.75)
_NOSE_BOX = (-0.5, -0.3, 0.5, 0.55)
_MOUTH_BOX = (-0.55, -0.1, 0.55, 0.95)
_EYES_BOX = (-0.85, -0.45, 0.85, 0.3)
_BROWS_BOX = (-0.85, -0.75, 0.85, 0.15)
_GLASSES_BOX = (-0.9, -0.55, 0.9, 0.35)
KEYPOINTS = ("left eye", "right eye", "nose", "left mouth corner", "right mouth corner")  # left in the picture


@dataclass
class Region:
    """A part of the pictures and where its pixels lie on the heads.

    Attributes:
        canvas: a view (3, N, rows, columns) of the pictures, painted in place.
        u, v: float32 (N, rows, columns), to the right and down, from the middle of the head.
        pixel: float32 (N, 1, 1), the side of a pixel on the head.
        rows, columns: of the pictures.
    """

    canvas: Tensor
    u: Tensor
    v: Tensor
    pixel: Tensor
    rows: slice
    columns: slice

    def part(self, plane: Tensor) -> Tensor:
        """What of a plane (N, S, S) lies in the region."""
        return plane[:, self.rows, self.columns]

    def cover(self, distance: Tensor) -> Tensor:
        """How much of each pixel lies inside, from the signed distance to the edge, positive inside; in place."""
        return distance.div_(self.pixel).add_(0.5).clamp_(0, 1)

    def paint(self, cover: Tensor, colour: Tensor) -> None:
        """Lay a colour (3, N, 1, 1) over the canvas where `cover` says."""
        self.canvas.lerp_(colour, cover[None])


def draw(who: People, shot: Shots, draws: Draws, size: int) -> tuple[Tensor, Tensor]:
    """Pictures uint8 (N, 3, size, size), and the KEYPOINTS float32 (N, 5, 2), x and y in pixels."""
    canvas = torch.empty(3, len(who.numbers), size, size, device=who.numbers.device)
    along = coordinates(size, canvas.device)
    place = shot.backdrop_angle.cos() * along * 0.5 + shot.backdrop_angle.sin() * along[:, None] * 0.5 + 0.5
    canvas.copy_(shot.backdrop[0]).lerp_(shot.backdrop[1].expand_as(canvas), place.clamp_(0, 1)[None])
    face = _Face(who, shot)
    everything = face.region(canvas, None)
    _body(face, face.region(canvas, _BODY_BOX))
    _hair_behind(face, everything)
    _ears(face, face.region(canvas, _EARS_BOX))
    _head(face, everything)
    _on_some(face, canvas, who.has("beard", "yes"), _beard, _BEARD_BOX)
    _nose(face, face.region(canvas, _NOSE_BOX))
    _mouth(face, face.region(canvas, _MOUTH_BOX))
    _eyes(face, face.region(canvas, _EYES_BOX))
    _brows(face, face.region(canvas, _BROWS_BOX))
    _hair_in_front(face, face.region(canvas, _HAIR_BOX))
    _on_some(face, canvas, who.has("glasses", "yes") * shot.glasses, _glasses, _GLASSES_BOX)
    _light(face, canvas, along)
    _occlude(shot, canvas, along)
    _blur(canvas, shot.blur)
    add_noise(canvas, shot.noise.flatten(), draws)
    images = canvas.clamp_(0, 1).mul_(_LEVELS).to(torch.uint8).transpose(0, 1).contiguous()
    return images, face.keypoints(size)


class _Face:
    """The parameters of a batch of pictures, with what several layers need."""

    def __init__(self, who: People, shot: Shots) -> None:
        self.who, self.shot = who, shot
        self.skin, self.hair = who.colour("skin"), who.colour("hair")
        self.bald = who.has("hair", "bald")
        # Where features slide to as the head turns: further, the more they stand out of the face.
        self.turn, self.nod = 0.28 * shot.yaw, 0.35 * shot.pitch
        self.eye_x, self.eye_y = who.eye_distance * shot.yaw.cos(), who.eye_height + self.nod
        self.eye_open = who.eye_size * who.eye_opening * shot.lids
        self.nose_x, self.nose_y = 1.5 * self.turn, self.eye_y + 0.06 + who.nose_length
        self.mouth_y = who.mouth_height + self.nod
        self.mouth_half = who.mouth_width * (1 + 0.15 * shot.smile) * shot.yaw.cos()
        self.cos, self.sin = shot.roll.cos(), shot.roll.sin()

    def some(self, chosen: Tensor) -> "_Face":
        """The chosen pictures (bool (N,)) alone."""
        part = _Face(self.who.some(chosen), self.shot.some(chosen))
        part.head = self.head[chosen]
        return part

    def region(self, canvas: Tensor, box: tuple[float, float, float, float] | None) -> Region:
        """The rows and columns that a box (u1, v1, u2, v2) on the heads can reach, or the whole pictures."""
        size = canvas.shape[-1]
        rows = columns = slice(0, size)
        if box is not None:
            corners_u = torch.tensor(box, device=canvas.device)[[0, 2, 0, 2]]
            corners_v = torch.tensor(box, device=canvas.device)[[1, 1, 3, 3]]
            x, y = self.to_picture(corners_u, corners_v, size)
            left, right, top, bottom = torch.stack([x.min(), x.max(), y.min(), y.max()]).tolist()
            columns, rows = _span(left, right, size, 8), _span(top, bottom, size, 4)
        along = coordinates(size, canvas.device)
        x = (along[columns] - self.shot.x) / self.shot.scale
        y = (along[rows, None] - self.shot.y) / self.shot.scale
        u, v = self.cos * x + self.sin * y, self.cos * y - self.sin * x
        return Region(canvas[:, :, rows, columns], u, v, 2 / (size * self.shot.scale), rows, columns)

    def to_picture(self, u: Tensor, v: Tensor, size: int) -> tuple[Tensor, Tensor]:
        """Points on the heads in pixels of the pictures."""
        x = self.shot.x + self.shot.scale * (self.cos * u - self.sin * v)
        y = self.shot.y + self.shot.scale * (self.sin * u + self.cos * v)
        return (x + 1) * (size / 2), (y + 1) * (size / 2)

    def sides(self, u: Tensor) -> Tensor:
        """The distance from the middle of the face, on both sides; the side turned away looks narrower."""
        u = u - self.turn
        lean = 0.35 * self.shot.yaw
        return torch.maximum(u * (1 + lean), u * (lean - 1))

    def keypoints(self, size: int) -> Tensor:
        lean = 0.35 * self.shot.yaw
        right, left = self.turn + self.eye_x / (1 + lean), self.turn - self.eye_x / (1 - lean)
        corner = self.mouth_y - 0.6 * self.shot.smile * self.mouth_half**2 / (self.mouth_half + 0.05)
        u = torch.cat([left, right, self.nose_x, self.turn - self.mouth_half, self.turn + self.mouth_half], 1)
        v = torch.cat([self.eye_y, self.eye_y, self.nose_y, corner, corner], 1)
        return torch.cat(self.to_picture(u, v, size), 2)


def _on_some(
    face: _Face, canvas: Tensor, where: Tensor, layer: Callable[[_Face, Region], None], box: tuple[float, ...]
) -> None:
    """Paint a layer on the pictures in which `where` (N, 1, 1) is not zero."""
    some = where.flatten() > 0
    if bool(some.any()):
        part, pictures = face.some(some), canvas[:, some]
        layer(part, part.region(pictures, box))
        canvas[:, some] = pictures


def _span(first: float, last: float, size: int, group: int) -> slice:
    """The pixels from `first` to `last` with one more on each side, widened to whole groups.

    So a region of a picture is a multiple of 32 pixels, where the picture allows it, and fills whole vector registers:
    the last bit of a result does not depend on the batch.
    """
    start, stop = math.floor((first - 1) / group), math.ceil((last + 1) / group)
    return slice(max(0, min(start * group, size - group)), max(group, min(size, stop * group)))


def _ellipse(u: Tensor, v: Tensor, half_width: Tensor, half_height: Tensor) -> Tensor:
    """How far inside an ellipse around (0, 0) a point lies, nearly."""
    radius = (u / half_width).square_().add_((v / half_height).square_()).sqrt_()
    return radius.sub_(1).mul_(-torch.minimum(half_width, half_height))


def _body(face: _Face, region: Region) -> None:
    """Neck and shoulders."""
    who = face.who
    neck = region.cover(torch.minimum(who.head_width * 0.62 - region.u.abs(), region.v - 0.2))
    region.paint(neck, face.skin * 0.82)
    height = torch.full_like(who.head_width, 0.45)
    shoulders = _ellipse(region.u, region.v - 1.22, 1.0 + 0.5 * (who.head_width - 0.4), height)
    collar = _ellipse(region.u, region.v - 0.72, who.head_width * 0.75, height * 0.42)
    region.paint(region.cover(torch.minimum(shoulders, -collar)), face.shot.clothes)


def _hair_behind(face: _Face, region: Region) -> None:
    """Hair beside and behind the head: down to the neck or shoulders where it is long."""
    who = face.who
    long = who.has("hair", "long")
    wide = who.head_width * who.hair_volume
    length = long * who.hair_length - (1 - long) * 0.05
    v = region.v + 0.08
    # Below the widest place long hair falls straight.
    radius = torch.where(v > 0, v * (1 - 0.75 * long), v)
    inside = _ellipse(region.u, radius, wide, who.head_height * who.hair_volume * 0.98)
    cover = region.cover(torch.minimum(inside, (length - region.v) * 0.6))
    region.paint(cover.mul_(1 - face.bald), face.hair * 0.72)


def _ears(face: _Face, region: Region) -> None:
    who = face.who
    ears = _ellipse(region.u.abs() - who.head_width, region.v - 0.02, who.ear_size * 0.75, who.ear_size * 1.35)
    region.paint(region.cover(ears), face.skin * 0.85)


def _head(face: _Face, region: Region) -> None:
    """The head, shaded towards its rim and on the side that is turned away."""
    who = face.who
    face.radius = _head_radius(who, region.u, region.v)
    face.head = region.cover((1 - face.radius) * who.head_width)
    region.paint(face.head, face.skin)
    away = (region.u * (face.shot.yaw * -2.2 / who.head_width)).clamp_(0, 1).mul_(0.35)
    shade = face.radius.square().mul_(0.16).add_(away).mul_(face.head)
    region.canvas.mul_(shade.neg_().add_(1))


def _beard(face: _Face, region: Region) -> None:
    """Hair on the lower face, around the mouth."""
    who, u, v = face.who, region.u - face.turn, region.v
    mouth = _ellipse(u, v - face.mouth_y, face.mouth_half * 1.15, who.lip_thickness + 0.035)
    beard = torch.minimum(v - (who.beard_line + face.nod) - u.square_().mul_(0.35), mouth.neg_())
    beard = beard.div_(3 * region.pixel).add_(0.5).clamp_(0, 1).mul_(region.part(face.head))
    region.paint(beard.mul_(who.beard_density), face.hair * 0.9)


def _head_radius(who: People, u: Tensor, v: Tensor) -> Tensor:
    """0 in the head's middle, 1 at its edge: an ellipse above, a tapered squircle (Fernandez-Guasti, 1992) below."""
    down = v.clamp(min=0).div_(who.head_height)
    across = (u / who.head_width).div_(1 - who.taper * down.clamp(max=1)).square_()
    along = (v / who.head_height).square_()
    corner = (across.clamp(max=1) * along.clamp(max=1)).mul_(who.jaw.square() * 0.8)
    return across.add_(along).sub_(corner.mul_((v > 0).float())).clamp_(min=0).sqrt_()


def _nose(face: _Face, region: Region) -> None:
    """The shaded side of the bridge, a light tip, and the nostrils."""
    who, yaw = face.who, face.shot.yaw
    side = torch.where(yaw >= 0, 1.0, -1.0)
    down = ((region.v - face.eye_y - 0.04) / who.nose_length).clamp_(0, 1.1)
    middle = face.turn + (0.14 * yaw + side * who.nose_width * 0.4) * down
    line = (1 - (region.u - middle).abs_().div_(0.05)).clamp_(0, 1)
    line.mul_(((face.nose_y - region.v) / 0.05 + 0.5).clamp_(0, 1)).mul_(down.mul_(3).clamp_(0, 1))
    region.canvas.mul_(line.mul_(-0.32).add_(1))
    u, v = region.u - face.nose_x, region.v - face.nose_y
    tip = _ellipse(u, v + 0.05, who.nose_width * 0.6, torch.full_like(who.nose_width, 0.05))
    region.paint(region.cover(tip).mul_(0.25), (face.skin * 1.25).clamp(max=1))
    under = _ellipse(u, v - 0.005, who.nose_width, torch.full_like(who.nose_width, 0.03))
    region.paint(region.cover(under).mul_(0.35), face.skin * 0.6)
    nostrils = _ellipse(
        u.abs_() - who.nose_width * 0.55, v, who.nose_width * 0.32, torch.full_like(who.nose_width, 0.02)
    )
    region.paint(region.cover(nostrils).mul_(0.85), face.skin * 0.3)


def _mouth(face: _Face, region: Region) -> None:
    """Lips that follow the smile, and teeth between them where the mouth is open."""
    who, shot = face.who, face.shot
    u = region.u - face.turn
    bow = (u / face.mouth_half).square_()
    curve = region.v - face.mouth_y + bow * (0.6 * shot.smile * face.mouth_half**2 / (face.mouth_half + 0.05))
    lens = (1 - bow).clamp_(min=0)
    across = face.mouth_half - u.abs_()  # ends the lips where they have no height left
    opening = 0.01 + 0.075 * shot.mouth
    lips = region.cover(torch.minimum((who.lip_thickness + opening) * lens.sqrt() - curve.abs(), across))
    red = torch.tensor(_LIPS, device=u.device)[:, None, None, None]
    region.paint(lips.mul_(0.9), torch.lerp(face.skin * 0.72, red, 0.25 + 0.45 * who.lip_redness))
    inside = region.cover(torch.minimum(opening * lens - curve.abs(), across))
    region.paint(inside, face.skin * 0.18)
    teeth = torch.minimum(opening * lens - curve.abs(), -curve - 0.15 * opening).minimum(across)
    region.paint(region.cover(teeth).mul_((shot.mouth > 0.15).float()), torch.full_like(face.skin, 0.92))


def _eyes(face: _Face, region: Region) -> None:
    """Whites, irises, pupils and lids; both sides at once."""
    who, shot = face.who, face.shot
    side = face.sides(region.u)
    out = side - face.eye_x
    v = region.v - face.eye_y + who.eye_tilt * out
    white = _ellipse(out, v, who.eye_size, face.eye_open)
    lid = region.cover((white + 0.022).clamp_(max=1))
    region.paint(lid.mul_(0.55), face.skin * 0.45)
    white = region.cover(white)
    region.paint(white, torch.full_like(face.skin, 0.93))
    size = who.eye_size * who.iris_size
    look = 0.35 * who.eye_size * shot.gaze
    # Both irises move the same way in the picture, whichever side they are on.
    u = out - torch.where(region.u > face.turn, look, -look)
    radius = u.square_().add_((region.v - face.eye_y).square_()).sqrt_()
    region.paint(region.cover(size - radius).mul_(white), who.colour("iris"))
    region.paint(region.cover(0.5 * size - radius).mul_(white), torch.full_like(face.skin, 0.04))


def _brows(face: _Face, region: Region) -> None:
    who, shot = face.who, face.shot
    out = face.sides(region.u) - face.eye_x
    brow_v = region.v - (face.eye_y - who.eye_size * who.eye_opening - who.brow_gap - 0.03 * shot.brows)
    brow_v = brow_v.sub_(out * who.brow_tilt).add_(out.square() * 1.2)
    long = who.brow_length * shot.yaw.cos()
    brow = torch.minimum(who.brow_thickness - brow_v.abs_(), (long - out.abs_()) * 0.6)
    region.paint(region.cover(brow).mul_(0.9), face.hair * 0.65)


def _hair_in_front(face: _Face, region: Region) -> None:
    """The hair on the head, down to the hairline."""
    who = face.who
    across = region.u - face.turn
    line = who.hairline + face.nod + who.hair_slant * across + who.hair_arch * across.square()
    inside = (who.hair_volume - region.part(face.radius)).mul_(who.head_width)
    cover = region.cover(torch.minimum(inside, line - region.v)).mul_(1 - face.bald)
    strands = (across * (9 / who.head_width)).cos_().mul_(0.5).add_(0.5)
    region.paint(cover, face.hair)
    region.canvas.mul_(1 - strands.mul_(cover).mul_(0.22))


def _glasses(face: _Face, region: Region) -> None:
    """Frames around the eyes, a bridge, and the arms."""
    who = face.who
    side = face.sides(region.u)
    out, v = side - face.eye_x, (region.v - face.eye_y - 0.01) * 1.15
    round_, square = (out * out).add_(v * v).sqrt_(), torch.maximum(out.abs(), v.abs()) * 1.08
    edge = torch.lerp(round_, square, who.glasses_shape.expand_as(round_)) - who.glasses_size
    rim = 0.016 - edge.abs()
    between = torch.minimum(0.014 - (v + 0.03).abs(), edge)
    frame = torch.maximum(rim, torch.minimum(between, who.head_width * 1.02 - region.u.abs()))
    region.paint(region.cover(-edge).mul_(0.12), torch.full_like(face.skin, 0.85))
    region.paint(region.cover(frame), who.glasses_shade.expand_as(face.skin))


def _light(face: _Face, canvas: Tensor, along: Tensor) -> None:
    """Exposure, and light that falls from one side."""
    shot = face.shot
    canvas.clamp_(0.004, 1).log_().mul_(shot.gamma).exp_()
    fall = shot.light.cos() * along + shot.light.sin() * along[:, None]
    canvas.mul_(fall.mul_(shot.slope).add_(1).mul_(0.95 * shot.gain)).mul_(shot.cast)


def _occlude(shot: Shots, canvas: Tensor, along: Tensor) -> None:
    """A bar of one colour before the face, in the pictures that have one."""
    hidden = shot.occluded.flatten() > 0
    x, y, half_width, half_height, angle = shot.hider[:, hidden]
    across, down = along - x, along[:, None] - y
    u, v = angle.cos() * across + angle.sin() * down, angle.cos() * down - angle.sin() * across
    distance = torch.minimum(half_width - u.abs_(), half_height - v.abs_())
    cover = distance.mul_(len(along) / 2).add_(0.5).clamp_(0, 1)
    canvas[:, hidden] = torch.lerp(canvas[:, hidden], shot.hider_colour[:, hidden], cover[None])


def _blur(canvas: Tensor, sigma: Tensor) -> None:
    """Blur each picture by a Gaussian of its own width `sigma` (N, 1, 1) in pixels, nearly; in place.

    A step mixes each pixel with the mean of its two neighbours along an axis, which adds `share` to the variance; the
    pixels at the borders stay.
    """
    steps = max(1, round(canvas.shape[-1] / 64)) ** 2
    share = (sigma**2 / steps).clamp(max=_MOST_MIXED)
    for _ in range(steps):
        for axis in (-1, -2):
            inner = canvas.shape[axis] - 2
            beside = canvas.narrow(axis, 0, inner) + canvas.narrow(axis, 2, inner)
            canvas.narrow(axis, 1, inner).lerp_(beside.mul_(0.5), share)
