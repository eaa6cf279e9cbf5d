"""Rendered faces for recognition, and for the question whose faces are recognised worse: `Faces`."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchvision import tv_tensors

from cvcourse.data.face_drawing import KEYPOINTS, draw
from cvcourse.data.face_parameters import ATTRIBUTES, SHARES, People, people, shots
from cvcourse.data.hashing import Draws
from cvcourse.data.rendered import Batch, Rendered, chosen, whole, within

TARGETS = ("person", *ATTRIBUTES, "keypoints")
HARDEST = 3.0
SMALLEST, LARGEST = 32, 512


@dataclass
class FaceBatch(Batch):
    """N pictures of faces as tensors.

    Attributes:
        images: uint8 (N, 3, S, S).
        people: int64 (N,), who it is.
        attributes: int64 (N, 4), in the order of `ATTRIBUTES`: skin tone, hair, beard, glasses.
        keypoints: float32 (N, 5, 2), x and y in pixels of eyes, nose and mouth corners, left in the picture first.
    """

    images: Tensor
    people: Tensor
    attributes: Tensor
    keypoints: Tensor

    def items(self, wanted: Sequence[str]) -> list[tuple[tv_tensors.Image, dict[str, Tensor]]]:
        items = []
        for image, person, attributes, points in zip(
            self.images, self.people, self.attributes, self.keypoints, strict=True
        ):
            entries = {"person": person, **dict(zip(ATTRIBUTES, attributes, strict=True))}
            entries["keypoints"] = _as_keypoints(points, tuple(image.shape[1:]))
            items.append((tv_tensors.Image(image), {name: entries[name] for name in wanted}))
        return items


def _as_keypoints(points: Tensor, canvas_size: tuple[int, int]) -> Tensor:
    """The points as `tv_tensors.KeyPoints`, which torchvision has since 0.23, else as they are."""
    wrap = getattr(tv_tensors, "KeyPoints", None)
    return points if wrap is None else wrap(points, canvas_size=canvas_size)


class Faces(Rendered):
    """Drawn faces of people who do not exist, each several times.

    What belongs to a person (proportions, eyes, brows, nose, mouth, jaw, hair, skin, beard) is the same in all their
    pictures; pose, expression, light, backdrop, clothes, occlusion, blur and noise are new in each.
    Item i is picture `i % photos` of person `first_person + i // photos`.
    An item is `(image, target)`: image a uint8 `tv_tensors.Image` (3, size, size), target a dict with the entries of
    `targets`. `batch(indices)` gives a `FaceBatch`, many times faster.

    >>> faces = Faces(people=20, photos=5)
    >>> len(faces), faces.labels[7].item(), faces[7][0].shape
    (100, 1, torch.Size([3, 64, 64]))

    Args:
        people: number of persons, 1 or more.
        photos: pictures of each, 1 or more; a person's first pictures do not depend on how many follow.
        first_person: number of the first person, 0 or larger: another range is another set of people.
        seed: any whole number.
        size: side of the pictures in pixels, 32 to 512.
        difficulty: 0 to 3, how much two pictures of a person differ: not in the face at 0; at 1 raw pixels are of
            little use and a small network learns to tell people apart; at 2 people begin to hesitate.
        shares: probabilities of the attributes' values, such as `{"skin_tone": (0.8, 0.15, 0.05)}` for a skewed set;
            values and defaults stand in `ATTRIBUTES` and `SHARES` of `cvcourse.data.face_parameters`. Skin tones are
            even where nothing is asked for.
        targets: which entries a target has: "person" (int64), the attributes "skin_tone", "hair", "beard", "glasses"
            (int64, places in `Faces.attributes`; glasses are worn in nine pictures of ten), "keypoints"
            (`tv_tensors.KeyPoints` (5, 2), a plain tensor with torchvision before 0.23).
        transforms: a function of (image, target), such as a torchvision v2 transform.
        device: where the pictures are computed.

    Raises:
        ValueError: an option is out of range.
    """

    attributes = ATTRIBUTES
    keypoints = KEYPOINTS

    def __init__(
        self,
        people: int = 100,
        photos: int = 10,
        *,
        first_person: int = 0,
        seed: int = 0,
        size: int = 64,
        difficulty: float = 1.0,
        shares: Mapping[str, Sequence[float]] | None = None,
        targets: Sequence[str] = ("person", *ATTRIBUTES),
        transforms: Callable[[Any, Any], Any] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.people, self.photos = whole("people", people, 1), whole("photos", photos, 1)
        super().__init__(self.people * self.photos, seed, device, transforms)
        self.first_person = whole("first_person", first_person, 0)
        self.size = whole("size", size, SMALLEST, LARGEST)
        self.difficulty = float(within("difficulty", difficulty, 0, HARDEST))
        self.shares = {**SHARES, **{name: _checked(name, values) for name, values in (shares or {}).items()}}
        self.targets = chosen("target", targets, TARGETS)
        self.chunk = max(1, Rendered.chunk * 64**2 // self.size**2)

    @property
    def labels(self) -> Tensor:
        """Who is in each picture: int64 (len(self),)."""
        return self.first_person + torch.arange(self.length) // self.photos

    def identity(self, indices: Tensor) -> People:
        """The persons in the pictures with these indices (int64 (N,)): their numbers and attributes."""
        return people(Draws(self.seed, self._person(indices)), self.shares)

    def render(self, indices: Tensor) -> FaceBatch:
        person, photo = self._person(indices), indices % self.photos
        draws = Draws(self.seed, person, photo)
        who = self.identity(indices)
        images, points = draw(who, shots(draws, self.difficulty, self.size), draws, self.size)
        return FaceBatch(images, person, who.attributes, points)

    def _person(self, indices: Tensor) -> Tensor:
        return self.first_person + indices // self.photos


def _checked(name: str, values: Sequence[float]) -> tuple[float, ...]:
    """The shares of an attribute's values, which must be as many as there are values and add up to 1."""
    if name not in ATTRIBUTES:
        raise ValueError(f"unknown attribute {name!r} in shares; there are: {', '.join(ATTRIBUTES)}")
    options = ATTRIBUTES[name]
    if len(values) != len(options) or min(values) < 0 or not math.isclose(sum(values), 1, abs_tol=1e-6):
        raise ValueError(
            f"shares of {name} are {len(options)} numbers from 0 on that add up to 1, one each for "
            f"{', '.join(options)}, not {values!r}"
        )
    return tuple(float(value) for value in values)
