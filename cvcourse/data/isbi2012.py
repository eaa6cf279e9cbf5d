"""ISBI 2012: membranes of nerve cells under an electron microscope, for segmentation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torchvision import tv_tensors

from cvcourse.data.picture_files import MEND, read_picture, read_stack, require_file
from cvcourse.data.real import RealSet
from cvcourse.errors import DataError

SECTIONS = 30
FIRST_TEST = 24


class ISBI2012(RealSet):
    """Sections through a fly's nerve cord, 512 x 512, grey, with the cells' inside and membranes marked.

    An item is `(image, target)`: a uint8 image (1, 512, 512); a target with "semantic" (uint8 `tv_tensors.Mask`
    (512, 512)): 0 membrane, 1 cell. 78 % of the pixels are cell.

    >>> image, target = ISBI2012("test")[0]
    >>> target["semantic"].unique()
    tensor([0, 1], dtype=torch.uint8)

    Args:
        split: "train", the first 24 of the 30 labelled sections, or "test", the last 6. Neighbouring sections show the
            same cells: a shuffled split would look easier. The labels of the challenge's own test stack are secret.
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand, or a file of it is missing or damaged.

    Layout:
        train-volume.tif and train-labels.tif (30 pages each), as published; or membrane/train/image/N.png and
        membrane/train/label/N.png, N from 0 to 29.

    Source:
        A. Cardona et al., PLoS Biology 8(10), 2010; I. Arganda-Carreras et al.: Crowdsourcing the creation of image
        segmentation algorithms for connectomics. Frontiers in Neuroanatomy 9, 2015.
    """

    set_name = "isbi2012"
    classes = ("membrane", "cell")

    def __init__(self, split: str = "train", *, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(split, transforms)
        sections = range(FIRST_TEST) if split == "train" else range(FIRST_TEST, SECTIONS)
        self.names = [str(number) for number in sections]
        base = self.folder("membrane/train", "train-volume.tif", "isbi2012/train-volume.tif")
        self._files = self._stacks = None
        if base.is_dir():
            self._files = [(base / "image" / f"{name}.png", base / "label" / f"{name}.png") for name in self.names]
            for path in (path for pair in self._files for path in pair):
                require_file(path)
        else:
            self._stacks = _stacks(base.parent)[:, sections.start : sections.stop]

    def read(self, index: int) -> tuple[tv_tensors.Image, dict[str, torch.Tensor]]:
        if self._files is None:
            image, label = self._stacks[0, index : index + 1].clone(), self._stacks[1, index]
        else:
            picture, mask = self._files[index]
            image = read_picture(picture, "L")
            label = read_picture(mask, "L", (image.shape[2], image.shape[1]))[0]
            if not label.any():
                raise DataError(f"{mask} marks no cell: {MEND}")
        return tv_tensors.Image(image), {"semantic": tv_tensors.Mask((label > 127).to(torch.uint8))}


def _stacks(folder: Path) -> torch.Tensor:
    """Pictures and labels, uint8 (2, 30, H, W)."""
    volume, labels = read_stack(folder / "train-volume.tif"), read_stack(folder / "train-labels.tif")
    for path, stack in (("train-volume.tif", volume), ("train-labels.tif", labels)):
        if len(stack) != SECTIONS or stack.shape != volume.shape:
            raise DataError(f"{folder / path} has {len(stack)} pages of {tuple(stack.shape[1:])}, not 30 alike: {MEND}")
    return torch.stack([volume, labels])
