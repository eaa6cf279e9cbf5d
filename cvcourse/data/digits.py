"""Handwritten digits: MNIST, or scikit-learn's digits brought to MNIST's size and looks where there is no network."""

from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from cvcourse.data.locate import Source, locate
from cvcourse.data.registry import REGISTRY

SIDE = 28  # pixels
BOX = 20  # pixels: the longer side of a digit's bounding box, as in MNIST
TRAIN_ITEMS = REGISTRY["sklearn_digits"].items["train"]
_FINER = 4  # times, for measuring the box and the centre of an 8 x 8 digit
_MARGIN = 2  # cells of black around it
_BLACK, _WHITE = 0.25, 0.7  # ink below and above which a pixel is black and white, as most of MNIST's are


class Digits(Dataset):
    """Handwritten digits as a map-style data set: an item is a float image (1, 28, 28) in [0, 1] and its label, an int.

    Attributes:
        labels: (N,) int64, 0 to 9.
        source: `"real"` (MNIST) or `"embedded"`.
        transform: applied to an item's image; `images` is not transformed.
        classes: the names of the labels.
    """

    classes = tuple("0123456789")

    def __init__(
        self, pixels: Tensor, labels: Tensor, source: str, transform: Callable[[Tensor], Any] | None = None
    ) -> None:
        """`pixels` are (N, 28, 28) uint8, white (255) on black."""
        self._pixels = pixels
        self.labels = labels
        self.source = source
        self.transform = transform

    @cached_property
    def images(self) -> Tensor:
        """All images at once: (N, 1, 28, 28) float32 in [0, 1]. Made when first asked for; MNIST's take 188 MB."""
        return self._pixels.unsqueeze(1).float().div_(255)

    def __len__(self) -> int:
        return len(self._pixels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image = self._pixels[index].unsqueeze(0).float().div_(255)
        return (self.transform(image) if self.transform else image), int(self.labels[index])

    def __repr__(self) -> str:
        return f"Digits({len(self)} images of {SIDE} x {SIDE}, source={self.source!r})"


def digits(
    train: bool = True,
    source: Source = "auto",
    transform: Callable[[Tensor], Any] | None = None,
    *,
    limit: int | None = None,
) -> Digits:
    """Handwritten digits, white on black, 28 x 28.

    The real set is MNIST: 60,000 images for training, 10,000 for testing. The embedded one is scikit-learn's copy of
    the UCI digits, 1,437 and 360 (see `embedded_digits`): smaller and easier, so that scores on it are not MNIST's.

    Args:
        train: the training set, else the test set.
        source: `"real"`, `"embedded"`, or `"auto"`: MNIST where it is on disk or can be downloaded (12 MB), else the
            embedded set, with one printed line that says which and why. Both splits come from the same source.
        transform: applied to the image of an item, a float tensor (1, 28, 28).
        limit: only the first so many items; their classes are mixed.

    Raises:
        ValueError: `source` or `limit` is not one of those above.
        DataError: `source="real"` and MNIST cannot be had; the message says what to do.

    Source:
        Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition, 1998.
        E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, 1998, doi:10.24432/C50P49 (CC BY 4.0).

    Example:
        >>> test = digits(train=False, source="embedded")
        >>> image, label = test[0]
        >>> test.images.shape, image.shape, label
        (torch.Size([360, 1, 28, 28]), torch.Size([1, 28, 28]), 2)
    """
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise ValueError(f"limit is {limit!r}: it must be None or a whole number from 1")
    place = locate(REGISTRY["mnist"], REGISTRY["sklearn_digits"], source)
    pixels, labels = embedded_digits(train) if place.root is None else _mnist(place.root, train)
    return Digits(pixels[:limit], labels[:limit], place.source, transform)


def _mnist(root: Path, train: bool) -> tuple[Tensor, Tensor]:
    """MNIST's pixels (N, 28, 28) uint8 and labels (N,) int64, by torchvision's reader of its file format."""
    from torchvision.datasets.mnist import read_image_file, read_label_file

    raw, stem = root / "MNIST" / "raw", "train" if train else "t10k"
    return read_image_file(str(raw / f"{stem}-images-idx3-ubyte")), read_label_file(
        str(raw / f"{stem}-labels-idx1-ubyte")
    )


def embedded_digits(train: bool = True) -> tuple[Tensor, Tensor]:
    """scikit-learn's digits in MNIST's form: pixels (N, 28, 28) uint8 and labels (N,) int64. No network, no chance.

    The 8 x 8 counts of ink (0 to 16) are enlarged by bicubic interpolation, placed as MNIST's digits are (the longer
    side of the bounding box 20 pixels, the centre of mass in the middle), and their contrast is raised until
    strokes are white with soft edges.

    The split is by order, the first 1,437 for training and the last 360 for testing. Digits of one hand stand together
    in the set, so that the test asks about other hands than the training, for the most part; a shuffled split would
    look easier. Every class has 33 to 37 test images.
    """
    pixels, labels = _embedded()
    part = slice(None, TRAIN_ITEMS) if train else slice(TRAIN_ITEMS, None)
    return pixels[part].clone(), labels[part].clone()


@lru_cache(maxsize=1)
def _embedded() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    ink, labels = load_digits(return_X_y=True)
    cells = torch.from_numpy(ink).float().reshape(-1, 1, 8, 8) / 16
    return (enlarge(cells) * 255).round().byte().squeeze(1), torch.from_numpy(labels).long()


def enlarge(cells: Tensor) -> Tensor:
    """Coarse digits (N, 1, H, W) float in [0, 1] in MNIST's form: (N, 1, 28, 28) float in [0, 1].

    Source: Y. LeCun et al., 1998, section III.A, for size and centre.
    """
    fine = F.interpolate(
        F.pad(cells, (_MARGIN,) * 4), scale_factor=_FINER, mode="bicubic", align_corners=False
    )  # (N, 1, S, S)
    centre, extent = _placement(_contrast(fine).squeeze(1))
    window = torch.zeros(len(cells), 2, 3)
    window[:, 0, 0] = window[:, 1, 1] = extent / 2 * SIDE / BOX
    window[:, :, 2] = centre
    grid = F.affine_grid(window, [len(cells), 1, SIDE, SIDE], align_corners=False)
    return _contrast(F.grid_sample(fine, grid, mode="bilinear", align_corners=False))


def _contrast(ink: Tensor) -> Tensor:
    return ((ink - _BLACK) / (_WHITE - _BLACK)).clamp(0, 1)


def _placement(ink: Tensor) -> tuple[Tensor, Tensor]:
    """Centres of mass (N, 2), x first, and longer sides of the bounding boxes (N,) of images (N, S, S) over [-1, 1]."""
    side = ink.shape[-1]
    at = (torch.arange(side) + 0.5) / side * 2 - 1  # the pixels' centres
    along_x, along_y = ink.sum(1), ink.sum(2)  # (N, S)
    centre = torch.stack([(along * at).sum(1) / along.sum(1) for along in (along_x, along_y)], dim=1)
    widths = []
    for marked in ((ink > 0.5).any(1), (ink > 0.5).any(2)):
        last, first = at.where(marked, at.new_tensor(-1)).amax(1), at.where(marked, at.new_tensor(1)).amin(1)
        widths.append(last - first + 2 / side)
    return centre, torch.maximum(*widths)
