"""Rendered scenes of coloured shapes for detection and segmentation: `Scenes`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchvision import tv_tensors

from cvcourse.data.hashing import Draws
from cvcourse.data.rendered import Batch, Rendered, chosen
from cvcourse.data.scene_layout import SceneOptions, still
from cvcourse.data.scene_painting import paint
from cvcourse.data.shapes import SHAPES

CLASSES = ("background", *SHAPES)
TARGETS = ("boxes", "labels", "masks", "ids", "semantic")


@dataclass
class SceneBatch(Batch):
    """N scenes as tensors. Rows of `boxes` and `labels` beyond a scene's number of objects are zero.

    Attributes:
        images: uint8 (N, 3, S, S).
        boxes: float32 (N, K, 4), x1 y1 x2 y2 in pixels around the visible pixels, x2 and y2 exclusive.
        labels: int64 (N, K), from 1, places in `CLASSES`.
        ids: uint8 (N, S, S), 0 for the background, k + 1 for the visible pixels of the object in row k.
    """

    images: Tensor
    boxes: Tensor
    labels: Tensor
    ids: Tensor

    def semantic(self) -> Tensor:
        """The label of each pixel, 0 for the background: uint8 (N, S, S)."""
        table = torch.nn.functional.pad(self.labels, (1, 0)).to(torch.uint8)
        return table.gather(1, self.ids.flatten(1).long()).view_as(self.ids)

    def items(self, wanted: Sequence[str]) -> list[tuple[tv_tensors.Image, dict[str, Tensor]]]:
        semantic = self.semantic() if "semantic" in wanted else self.ids
        counts = (self.labels > 0).sum(1).tolist()
        return [
            (tv_tensors.Image(self.images[i]), self._target(i, count, semantic[i], wanted))
            for i, count in enumerate(counts)
        ]

    def _target(self, i: int, count: int, semantic: Tensor, wanted: Sequence[str]) -> dict[str, Tensor]:
        ids = self.ids[i]
        entries = {
            "boxes": lambda: tv_tensors.BoundingBoxes(self.boxes[i, :count], format="XYXY", canvas_size=ids.shape),
            "labels": lambda: self.labels[i, :count].clone(),
            "masks": lambda: tv_tensors.Mask(ids == torch.arange(1, count + 1, device=ids.device)[:, None, None]),
            "ids": lambda: tv_tensors.Mask(ids),
            "semantic": lambda: tv_tensors.Mask(semantic),
        }
        return {name: entries[name]() for name in wanted}


class Scenes(Rendered):
    """Pictures of circles, squares, triangles, stars and rings with boxes, labels and masks.

    An item is `(image, target)`: image a uint8 `tv_tensors.Image` (3, size, size), target a dict with the entries of
    `targets`. `batch(indices)` gives the same scenes as the tensors of a `SceneBatch`, many times faster.
    Every scene has at least one object, and an object of which too little is visible is neither target nor painted.

    >>> image, target = Scenes(100, seed=1, size=64)[7]
    >>> image.shape, target["boxes"].shape[1]
    (torch.Size([3, 64, 64]), 4)

    Args:
        length: number of scenes, 1 or more.
        seed: any whole number; another seed gives other scenes, for instance for validation.
        size: side of the pictures in pixels, 8 to 4096; the default radii need 39 or more.
        difficulty: 0 to 3. With it grow clutter, background texture, patterns, noise and overlap, and contrast falls:
            0 is plain, at 1 a small detector is right 19 times in 20, at 2 people begin to hesitate.
        objects: smallest and largest number of objects in a scene, 1 to 32; crowded scenes may get fewer.
        kinds: names of shapes, out of `CLASSES[1:]`.
        radius: smallest and largest radius of the circle around an object, as a share of the side, 0.01 to 0.45.
        min_visible: pixels of an object that must be visible, 1 or more; default 0.7 of the smallest star, at least 8.
        targets: which entries a target has: "boxes" (`tv_tensors.BoundingBoxes`, xyxy), "labels" (int64, from 1),
            "masks" (bool `tv_tensors.Mask` (objects, S, S)), "ids" and "semantic" (uint8 `tv_tensors.Mask` (S, S)).
            Older versions of `v2.SanitizeBoundingBoxes` take every mask for one of instances: leave the last two out.
        transforms: a function of (image, target), such as a torchvision v2 transform.
        device: where the pictures are computed.

    Raises:
        ValueError: an option is out of range, or the smallest object would be too small to be seen.
    """

    classes = CLASSES

    def __init__(
        self,
        length: int = 10_000,
        *,
        seed: int = 0,
        size: int = 128,
        difficulty: float = 1.0,
        objects: tuple[int, int] = (1, 6),
        kinds: Sequence[str] = CLASSES[1:],
        radius: tuple[float, float] = (0.07, 0.20),
        min_visible: int | None = None,
        targets: Sequence[str] = ("boxes", "labels", "masks"),
        transforms: Callable[[Any, Any], Any] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(length, seed, device, transforms)
        self.options = SceneOptions.check(size, difficulty, objects, kinds, radius, min_visible)
        self.targets = chosen("target", targets, TARGETS)
        self.chunk = max(1, min(2 * Rendered.chunk, Rendered.chunk * 128**2 // size**2))

    def render(self, indices: Tensor) -> SceneBatch:
        draws = Draws(self.seed, indices)
        images, boxes, labels, _, ids = paint(still(draws, self.options), draws, draws, self.options)
        return SceneBatch(images, boxes, labels, ids)
