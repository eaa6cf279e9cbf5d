"""What makes a person, and what makes one picture of a person: the numbers behind the rendered faces.

Lengths are in half sides of the picture: the picture reaches from -1 to 1, v points down. A person's numbers come from
the seed and the person alone, a picture's from the seed, the person and the photograph.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate

import torch
from torch import Tensor

from cvcourse.data.hashing import Draws

# Smallest and largest value of what is drawn evenly for each person.
IDENTITY = {
    "head_width": (0.42, 0.56),
    "head_height": (0.58, 0.72),
    "taper": (0.05, 0.36),  # how much narrower the chin is than the temples
    "jaw": (0.0, 0.9),  # 0 round, 1 square
    "ear_size": (0.06, 0.12),
    "eye_distance": (0.17, 0.27),  # of an eye from the middle
    "eye_height": (-0.17, -0.03),
    "eye_size": (0.08, 0.125),
    "eye_opening": (0.42, 0.72),  # height by width
    "eye_tilt": (-0.22, 0.22),  # slope
    "iris_size": (0.42, 0.58),  # of the eye's half width
    "iris_colour": (0.0, 1.0),  # brown, green, blue
    "brow_gap": (0.05, 0.12),
    "brow_thickness": (0.016, 0.045),
    "brow_length": (0.09, 0.15),
    "brow_tilt": (-0.30, 0.30),  # slope
    "nose_length": (0.16, 0.30),
    "nose_width": (0.05, 0.11),
    "mouth_height": (0.35, 0.46),
    "mouth_width": (0.12, 0.22),
    "lip_thickness": (0.022, 0.055),
    "lip_redness": (0.0, 1.0),
    "hairline": (-0.46, -0.28),
    "hair_slant": (-0.35, 0.35),
    "hair_arch": (0.1, 0.7),  # how far the hairline falls at the temples
    "hair_volume": (1.04, 1.20),  # of the head
    "hair_length": (0.15, 0.85),
    "hair_colour": (0.0, 1.0),
    "hair_shade": (0.8, 1.2),
    "skin_shade": (0.92, 1.08),
    "skin_warmth": (-0.04, 0.04),
    "beard_line": (0.10, 0.30),
    "beard_density": (0.55, 0.9),
    "glasses_size": (0.13, 0.17),
    "glasses_shape": (0.0, 1.0),  # 0 round, 1 square
    "glasses_shade": (0.05, 0.35),
}

# Attributes by which people are grouped, and their shares where none are asked for.
ATTRIBUTES = {
    "skin_tone": ("light", "medium", "dark"),
    "hair": ("bald", "short", "long"),
    "beard": ("no", "yes"),
    "glasses": ("no", "yes"),
}
SHARES = {
    "skin_tone": (1 / 3, 1 / 3, 1 / 3),
    "hair": (0.1, 0.5, 0.4),
    "beard": (0.7, 0.3),
    "glasses": (0.7, 0.3),
}

SKIN = ((0.93, 0.76, 0.66), (0.76, 0.56, 0.42), (0.43, 0.28, 0.20))
HAIR = ((0.07, 0.06, 0.06), (0.30, 0.18, 0.10), (0.52, 0.24, 0.11), (0.80, 0.64, 0.36), (0.62, 0.61, 0.60))
IRIS = ((0.26, 0.15, 0.08), (0.32, 0.42, 0.25), (0.30, 0.48, 0.68))
_GLASSES_WORN = 0.9  # share of the pictures in which a person who has glasses wears them
_OCCLUDED = 0.18  # share of the pictures at difficulty 1 in which something hides a part of the face
_SATURATION = 0.55  # of backdrops, clothes and what hides a face
_FARTHEST = 1.6  # poses grow with the difficulty up to this factor, so that faces stay in the picture


@dataclass
class People:
    """The persons of a batch.

    Attributes:
        numbers: float32 (N, len(IDENTITY)) in [0, 1), in the order of IDENTITY.
        attributes: int64 (N, len(ATTRIBUTES)), in the order of ATTRIBUTES.
    """

    numbers: Tensor
    attributes: Tensor

    def some(self, chosen: Tensor) -> "People":
        """The chosen ones (bool (N,)) alone."""
        return People(self.numbers[chosen], self.attributes[chosen])

    def __getattr__(self, name: str) -> Tensor:
        """One of IDENTITY, scaled to its range, as (N, 1, 1)."""
        if name not in IDENTITY:
            raise AttributeError(name)
        low, high = IDENTITY[name]
        return (low + (high - low) * self.numbers[:, list(IDENTITY).index(name)])[:, None, None]

    def has(self, attribute: str, value: str) -> Tensor:
        """Whether each person has this value of an attribute: float32 (N, 1, 1), 0 or 1."""
        column = list(ATTRIBUTES).index(attribute)
        return (self.attributes[:, column] == ATTRIBUTES[attribute].index(value)).float()[:, None, None]

    def colour(self, name: str) -> Tensor:
        """The colour of "skin", "hair" or "iris": float32 (3, N, 1, 1)."""
        if name == "skin":
            tones = torch.tensor(SKIN, device=self.numbers.device)
            colour = tones[self.attributes[:, list(ATTRIBUTES).index("skin_tone")]].T[:, :, None, None]
            warmth = torch.stack([self.skin_warmth, torch.zeros_like(self.skin_warmth), -self.skin_warmth])
            return (colour * self.skin_shade + warmth).clamp(0, 1)
        if name == "hair":
            return (_from_palette(HAIR, self.hair_colour) * self.hair_shade).clamp(0, 1)
        return _from_palette(IRIS, self.iris_colour)


def people(draws: Draws, shares: Mapping[str, Sequence[float]]) -> People:
    """The persons behind `draws`; `shares` are the probabilities of the attributes' values."""
    choices = draws.uniform("attributes", len(ATTRIBUTES))
    columns = []
    for column, name in enumerate(ATTRIBUTES):
        edges = torch.tensor(list(accumulate(shares[name]))[:-1], device=draws.device)
        columns.append((choices[:, column, None] >= edges).sum(1))
    return People(draws.uniform("identity", len(IDENTITY)), torch.stack(columns, 1))


def _from_palette(palette: Sequence[Sequence[float]], place: Tensor) -> Tensor:
    """The colour at `place` in [0, 1] (N, 1, 1) of a palette, mixed from its neighbours: (3, N, 1, 1)."""
    colours = torch.tensor(palette, device=place.device).T[:, :, None, None]
    place = place.clamp(0, 1) * (len(palette) - 1)
    first = place.floor().clamp(max=len(palette) - 2)
    rest = place - first
    index = first.long().flatten()
    return colours[:, index] * (1 - rest) + colours[:, index + 1] * rest


@dataclass
class Shots:
    """What differs between two pictures of a person; each entry is float32 (N, 1, 1), colours are (3, N, 1, 1).

    Attributes:
        roll, yaw, pitch: of the head in radians; x, y: its place; scale: its size.
        smile: -1 to 1; mouth: how far open, 0 to 1; brows: how far raised, -1 to 1; lids: how far open, 0 to 1;
            gaze: sideways, -1 to 1.
        light: its direction in radians; slope: how much brighter the lit side is; gain, gamma: of the exposure;
            cast: colour of the light.
        backdrop: two colours (2, 3, N, 1, 1); backdrop_angle: the direction from one to the other, in radians.
        clothes: their colour.
        occluded: 0 or 1; hider: x, y, half width, half height and angle (5, N, 1, 1) of what hides the face, and
            hider_colour.
        blur: standard deviation in pixels; noise: standard deviation of 1.
        glasses: whether worn by those who have them, 0 or 1.
    """

    roll: Tensor
    yaw: Tensor
    pitch: Tensor
    x: Tensor
    y: Tensor
    scale: Tensor
    smile: Tensor
    mouth: Tensor
    brows: Tensor
    lids: Tensor
    gaze: Tensor
    light: Tensor
    slope: Tensor
    gain: Tensor
    gamma: Tensor
    cast: Tensor
    backdrop: Tensor
    backdrop_angle: Tensor
    clothes: Tensor
    occluded: Tensor
    hider: Tensor
    hider_colour: Tensor
    blur: Tensor
    noise: Tensor
    glasses: Tensor

    def some(self, chosen: Tensor) -> "Shots":
        """The chosen pictures (bool (N,)) alone."""
        return Shots(*(getattr(self, field.name)[..., chosen, :, :] for field in fields(self)))


def shots(draws: Draws, difficulty: float, size: int) -> Shots:
    """The pictures behind `draws`; at difficulty 0 all are frontal, evenly lit, sharp and unhidden."""
    n = draws.size
    even = draws.uniform("shot", 24).T[:, :, None, None]
    spread = draws.normal("shot", 12).clamp_(-2, 2).T[:, :, None, None]
    colours = draws.between("colours", 0.08, 0.95, 4, 3).permute(1, 2, 0)[..., None, None]
    colours = torch.lerp(colours.mean(1, keepdim=True), colours, _SATURATION)
    pose, d = min(difficulty, _FARTHEST), difficulty
    unit = size / 64
    hider = torch.stack(
        [1.4 * even[0] - 0.7, 1.5 * even[1] - 0.7, 0.12 + 0.22 * even[2], 0.1 + 0.2 * even[3], math.pi * even[4]]
    )
    return Shots(
        roll=0.09 * pose * spread[0], yaw=0.22 * pose * spread[1], pitch=0.10 * pose * spread[2],
        x=0.05 * pose * spread[3], y=0.05 * pose * spread[4], scale=1 + 0.045 * pose * spread[5],
        smile=(0.45 * min(d, 2) * spread[6]).clamp(-1, 1), mouth=(even[5] ** 3 * d).clamp(0, 1),
        brows=(0.45 * d * spread[7]).clamp(-1, 1), lids=1 - (0.5 * d * even[6] ** 2).clamp(0, 0.85),
        gaze=(0.4 * d * spread[8]).clamp(-1, 1),
        light=2 * math.pi * even[7], slope=min(0.75, 0.5 * d) * even[8],
        gain=(0.20 * d * spread[9]).exp(), gamma=(0.16 * d * spread[10]).exp(),
        cast=1 + 0.10 * d * (2 * draws.uniform("cast", 3).T[..., None, None] - 1),
        backdrop=colours[:2], backdrop_angle=2 * math.pi * even[9], clothes=colours[2],
        occluded=(even[10] < _OCCLUDED * d).float(), hider=hider, hider_colour=colours[3],
        blur=(0.05 + 0.9 * d * even[11]).clamp(max=2) * unit, noise=0.004 + 0.004 * d + 0.055 * d * even[12] ** 2,
        glasses=(even[13] < _GLASSES_WORN).float() if d > 0 else torch.ones(n, 1, 1, device=draws.device),
    )  # fmt: skip
