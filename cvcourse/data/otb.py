"""A sequence of the OTB benchmark: a person who crosses a street, for tracking."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torchvision import tv_tensors

from cvcourse.data.object_targets import box_target
from cvcourse.data.picture_files import MEND, read_lines, read_picture, require_file
from cvcourse.data.real import RealSet
from cvcourse.errors import DataError

FRAMES, SIZE = 120, (360, 240)


class OTBCrossing(RealSet):
    """The sequence "Crossing", 120 frames of 360 x 240, with the box of one pedestrian in each, as clips.

    An item is `(video, targets)` as in the rendered clips: a uint8 `tv_tensors.Video` (frames, 3, 240, 360); one dict a
    frame with "boxes" (xyxy in pixels, edges from 0), "labels" (1) and "tracks" (1).

    >>> video, targets = OTBCrossing(frames=24)[1]
    >>> video.shape, targets[0]["boxes"].shape
    (torch.Size([24, 3, 240, 360]), torch.Size([1, 4]))

    Args:
        frames: of a clip: one clip follows the other, frames that do not fill a last clip are left out. None: one clip
            with the whole sequence.
        transforms: a function of (video, targets).

    Raises:
        ValueError: `frames` is not from 1 to 120.
        DataError: the sequence is not at hand, or a file of it is missing or damaged.

    Layout:
        OTB/Crossing/img/NNNN.jpg, OTB/Crossing/groundtruth_rect.txt (x, y, width, height; the first pixel is 1, 1).

    Source:
        Y. Wu, J. Lim, M.-H. Yang: Online object tracking: a benchmark. CVPR 2013.
    """

    set_name = "otb_crossing"
    classes = ("background", "pedestrian")

    def __init__(self, *, frames: int | None = None, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        if frames is not None and (not isinstance(frames, int) or not 1 <= frames <= FRAMES):
            raise ValueError(f"frames is {frames!r}: it must be None or a whole number from 1 to {FRAMES}")
        super().__init__("all", transforms)
        self.frames = frames or FRAMES
        base = self.folder("OTB/Crossing", "Crossing")
        self._boxes = _read_boxes(base / "groundtruth_rect.txt")
        self._files = [base / "img" / f"{number:04d}.jpg" for number in range(1, FRAMES + 1)]
        for path in self._files:
            require_file(path)
        self.names = [f"frames {start + 1} to {start + self.frames}" for start in range(0, FRAMES, self.frames)]
        self.names = self.names[: FRAMES // self.frames]

    def read(self, index: int) -> tuple[tv_tensors.Video, list[dict[str, torch.Tensor]]]:
        part = slice(index * self.frames, (index + 1) * self.frames)
        video = torch.stack([read_picture(path, "RGB", SIZE) for path in self._files[part]])
        one = torch.ones(1, dtype=torch.int64)
        targets = [box_target(box, one.clone(), SIZE[::-1]) | {"tracks": one.clone()} for box in self._boxes[part]]
        return tv_tensors.Video(video), targets


def _read_boxes(path: Path) -> torch.Tensor:
    """Boxes xyxy (120, 4) float, edges from 0."""
    boxes = []
    for line in read_lines(path):
        try:
            x, y, width, height = (float(part) for part in line.replace(",", " ").split())
        except ValueError as error:
            raise DataError(f"{path} has a line {line!r} that is not x, y, width, height: {MEND}") from error
        boxes.append((x - 1, y - 1, x - 1 + width, y - 1 + height))
        if not (0 <= x - 1 < x - 1 + width <= SIZE[0] and 0 <= y - 1 < y - 1 + height <= SIZE[1]):
            raise DataError(f"{path} has a box {line!r} that is not inside {SIZE[0]} x {SIZE[1]} pixels: {MEND}")
    if len(boxes) != FRAMES:
        raise DataError(f"{path} has {len(boxes)} boxes for {FRAMES} frames: {MEND}")
    return torch.tensor(boxes)
