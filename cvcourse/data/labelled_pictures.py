"""Pictures with one class each: CIFAR-10, a part of it as PNG files, ants and bees, a sample of ImageNet."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision import datasets, tv_tensors

from cvcourse.data import integrity
from cvcourse.data.picture_files import MEND, read_lines, read_picture, require_file
from cvcourse.data.real import RealSet
from cvcourse.errors import DataError


class _Labelled(RealSet):
    """Items `(image, label)`.

    Attributes:
        labels: (N,) int64.
        classes: their names.
    """

    labels: Tensor
    classes: tuple[str, ...]

    def pixels(self, index: int) -> Tensor:
        """The picture, uint8 (3, H, W)."""
        raise NotImplementedError

    def read(self, index: int) -> tuple[tv_tensors.Image, int]:
        return tv_tensors.Image(self.pixels(index)), int(self.labels[index])


class CIFAR10(_Labelled):
    """CIFAR-10 by torchvision's reader: an item is `(image, label)`, a uint8 image (3, 32, 32) and an int, 0 to 9.

    Args:
        split: "train" (50,000) or "test" (10,000), as published.
        transforms: a function of (image, label), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand (170 MB: `cvcourse data get cifar10`), or a file of it is damaged.

    Layout:
        cifar-10-batches-py, as `torchvision.datasets.CIFAR10` has it; its checksums are compared.

    Source:
        A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report, Toronto, 2009.
    """

    set_name = "cifar10"

    def __init__(self, split: str = "train", *, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(split, transforms)
        try:
            theirs = datasets.CIFAR10(self.root, train=split == "train")
        except (RuntimeError, OSError, KeyError, ValueError, EOFError) as error:
            raise DataError(f"{self._damaged()} is missing or damaged: {MEND}") from error
        self._pixels = torch.from_numpy(theirs.data).permute(0, 3, 1, 2)
        self.labels = torch.tensor(theirs.targets)
        self.classes = tuple(theirs.classes)
        self.names = [str(number) for number in range(len(self._pixels))]

    def _damaged(self) -> Path:
        """The first file that is not what torchvision's checksum promises, else the folder."""
        base, meta = self.root / datasets.CIFAR10.base_folder, datasets.CIFAR10.meta
        files = [*datasets.CIFAR10.train_list, *datasets.CIFAR10.test_list, (meta["filename"], meta["md5"])]
        wrong = [base / name for name, md5 in files if not integrity.is_intact(base / name, None, f"md5:{md5}")]
        return wrong[0] if wrong else base

    @property
    def images(self) -> Tensor:
        """All pictures, uint8 (N, 3, 32, 32), without transforms."""
        return self._pixels

    def pixels(self, index: int) -> Tensor:
        return self._pixels[index].clone(memory_format=torch.contiguous_format)


class _Folders(_Labelled):
    """A folder for each class, found by torchvision's `ImageFolder`."""

    size: tuple[int, int] | None = None

    def __init__(self, split: str = "train", *, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(split, transforms)
        folder = self.folder(self.entry.layouts[0]).parent / split
        try:
            theirs = datasets.ImageFolder(folder)
        except FileNotFoundError as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"{folder} is not as {self.entry.title} is published ({reason}): {MEND}") from error
        self._files = [Path(path) for path, _ in theirs.samples]
        self.labels = torch.tensor(theirs.targets)
        self.classes = tuple(theirs.classes)
        self.names = [f"{self.classes[label]}/{Path(path).stem}" for path, label in theirs.samples]

    def pixels(self, index: int) -> Tensor:
        return read_picture(self._files[index], "RGB", self.size)


class CIFAR10PNG(_Folders):
    """A balanced part of CIFAR-10 as PNG files, 500 and 100 a class: an item is `(image, label)` as in `CIFAR10`.

    >>> image, label = CIFAR10PNG("test")[0]
    >>> image.shape, label
    (torch.Size([3, 32, 32]), 0)

    Args:
        split: "train" (5,000) or "test" (1,000); each a random part of the published split.
        transforms: a function of (image, label), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand, or a file of it is damaged.

    Layout:
        cifar10_png/SPLIT/CLASS/NAME.png, as `torchvision.datasets.ImageFolder` reads it.

    Source:
        A. Krizhevsky, 2009; as PNG files: https://github.com/cyizhuo/CIFAR-10-dataset.
    """

    set_name = "cifar10_png"
    size = (32, 32)


class Hymenoptera(_Folders):
    """Ants and bees, the set of PyTorch's tutorial on transfer learning.

    An item is `(image, label)`: a uint8 image (3, H, W) of any size, and 0 for ants, 1 for bees.

    Args:
        split: "train" (123 ants, 121 bees) or "val" (70, 83), as published.
        transforms: a function of (image, label), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand, or a file of it is damaged.

    Layout:
        hymenoptera_data/SPLIT/{ants,bees}/NAME.jpg, as `torchvision.datasets.ImageFolder` reads it.

    Source:
        https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html; pictures out of ImageNet.
    """

    set_name = "hymenoptera"


class ImageNetSample(_Labelled):
    """One picture each of 250 of ImageNet's 1,000 classes, to look at what pretrained networks say.

    An item is `(image, label)`: a uint8 image (3, H, W), the shorter side 224, and ImageNet's number of the class, 0 to
    999, as torchvision's pretrained networks count. `classes` maps these numbers to names.

    Args:
        split: "all".
        transforms: a function of (image, label), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand, or a file of it is missing or damaged.

    Layout:
        imagenet_sample/NAME.jpg, imagenet_sample/labels.csv with the columns index, wnid, name, file.

    Source:
        O. Russakovsky et al.: ImageNet large scale visual recognition challenge. IJCV 115, 2015;
        https://github.com/EliSchwartz/imagenet-sample-images.
    """

    set_name = "imagenet_sample"
    classes: dict[int, str]

    def __init__(self, split: str = "all", *, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(split, transforms)
        table = self.folder("imagenet_sample") / "labels.csv"
        try:
            rows = [(int(row["index"]), row["name"], row["file"]) for row in csv.DictReader(read_lines(table))]
        except (KeyError, TypeError, ValueError, csv.Error) as error:
            raise DataError(f"{table} is no table with index, wnid, name and file ({error}): {MEND}") from error
        if not rows:
            raise DataError(f"{table} names no picture: {MEND}")
        self._files = [table.with_name(file) for _, _, file in rows]
        for path in self._files:
            require_file(path)
        self.labels = torch.tensor([index for index, _, _ in rows])
        self.classes = {index: name for index, name, _ in rows}
        self.names = [path.stem for path in self._files]

    def pixels(self, index: int) -> Tensor:
        return read_picture(self._files[index], "RGB")
