"""Rendered clips of moving shapes for tracking: `SceneClips`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchvision import tv_tensors

from cvcourse.data.hashing import Draws
from cvcourse.data.rendered import Batch, Rendered, chosen, pair, whole
from cvcourse.data.scene_layout import SceneOptions, moving
from cvcourse.data.scene_painting import paint
from cvcourse.data.scenes import CLASSES, TARGETS, SceneBatch

MOST_FRAMES = 512


@dataclass
class ClipBatch(Batch):
    """N clips of T frames as tensors; see `SceneBatch` for what they hold.

    Attributes:
        images: uint8 (N, T, 3, S, S).
        boxes: float32 (N, T, K, 4).
        labels: int64 (N, T, K), 0 where a row holds no object.
        ids: uint8 (N, T, S, S), places of the objects in their frame; `tracks` says who they are.
        tracks: int64 (N, T, K), from 1, the same for an object in every frame of its clip; 0 where there is none.
    """

    images: Tensor
    boxes: Tensor
    labels: Tensor
    ids: Tensor
    tracks: Tensor

    def items(self, wanted: Sequence[str]) -> list[tuple[tv_tensors.Video, list[dict[str, Tensor]]]]:
        items = []
        for i in range(len(self)):
            frames = SceneBatch(self.images[i], self.boxes[i], self.labels[i], self.ids[i]).items(wanted)
            targets = [target for _, target in frames]
            for target, tracks in zip(targets, self.tracks[i], strict=True):
                target["tracks"] = tracks[tracks > 0]
            items.append((tv_tensors.Video(self.images[i]), targets))
        return items


class SceneClips(Rendered):
    """Clips in which the shapes of `Scenes` move, cross, come in and leave.

    An item is `(video, targets)`: video a uint8 `tv_tensors.Video` (frames, 3, size, size), targets one dict a frame
    with the entries of `targets` and "tracks" (int64, from 1): the same number is the same object in every frame.
    An object that is out of sight, hidden by others or too small a sliver is missing from that frame. Objects nearer
    to the viewer have smaller track numbers. The background stands still; the noise is new in each frame.

    >>> video, targets = SceneClips(10, frames=8, size=64)[3]
    >>> video.shape, len(targets)
    (torch.Size([8, 3, 64, 64]), 8)

    Args:
        length: number of clips, 1 or more.
        frames: of a clip, 1 to 512.
        speed: slowest and fastest motion as a share of the side per frame, 0 to 0.5.
        objects: smallest and largest number of objects that pass in a clip, 1 to 32.
        seed, size, difficulty, kinds, radius, min_visible, targets, transforms, device: as in `Scenes`.

    Raises:
        ValueError: an option is out of range, or the smallest object would be too small to be seen.
    """

    classes = CLASSES

    def __init__(
        self,
        length: int = 100,
        *,
        frames: int = 24,
        speed: tuple[float, float] = (0.005, 0.04),
        seed: int = 0,
        size: int = 128,
        difficulty: float = 1.0,
        objects: tuple[int, int] = (2, 6),
        kinds: Sequence[str] = CLASSES[1:],
        radius: tuple[float, float] = (0.07, 0.16),
        min_visible: int | None = None,
        targets: Sequence[str] = ("boxes", "labels", "masks"),
        transforms: Callable[[Any, Any], Any] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(length, seed, device, transforms)
        self.options = SceneOptions.check(size, difficulty, objects, kinds, radius, min_visible)
        self.frames = whole("frames", frames, 1, MOST_FRAMES)
        self.speed = pair("speed", speed, 0, 0.5, "sides a frame")
        self.targets = chosen("target", targets, TARGETS)
        self.chunk = max(1, Rendered.chunk // self.frames)

    def render(self, indices: Tensor) -> ClipBatch:
        clip = indices.repeat_interleave(self.frames)
        frame = torch.arange(self.frames, device=indices.device).repeat(len(indices))
        speed = tuple(share * self.options.size for share in self.speed)
        # A seed of its own: clip 5 is not scene 5 set in motion.
        of_clip, of_frame = Draws(self.seed ^ 0xC11B, clip), Draws(self.seed ^ 0xC11B, clip, frame)
        layout = moving(of_clip, self.options, frame.float(), self.frames, speed)
        images, boxes, labels, places, ids = paint(layout, of_clip, of_frame, self.options)
        parts = (images, boxes, labels, ids, places + 1)
        return ClipBatch(*(part.view(len(indices), self.frames, *part.shape[1:]) for part in parts))
