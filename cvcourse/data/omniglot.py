"""Omniglot: handwritten characters of many alphabets, 20 drawings each, for learning from one example."""

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional as V

from cvcourse.data.picture_files import MEND, require_file
from cvcourse.data.real import RealSet, numbered
from cvcourse.errors import DataError

SIDE = 105
SMALL = ("small1", "small2")
FULL = ("background", "evaluation")
STEMS = {
    "small1": "images_background_small1",
    "small2": "images_background_small2",
    "background": "images_background",
    "evaluation": "images_evaluation",
}
RUNS = 20

_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, SyntaxError, ValueError, KeyError, RuntimeError)


class Omniglot(RealSet):
    """Drawings of characters, white paper (255) and black strokes (0), as published.

    An item is `(image, label)`: a uint8 image (1, side, side) and the character's number, an int from 0.
    All drawings are held in memory: 11 kB each at the full size.

    >>> data = Omniglot("small1", side=28)
    >>> len(data), data[0][0].shape, int(data.labels.max()) + 1
    (2720, torch.Size([1, 28, 28]), 136)

    Args:
        split: "small1" (5 alphabets, 136 characters, 2,720 drawings) or "small2" (5 others, 156, 3,120), 3 MB; or of
            the full set "background" (30 alphabets, 964, 19,280) or "evaluation" (20 others, 659, 13,180), 16 MB.
            Train on one of a pair, test on the other: they share no alphabet.
        side: pixels; smaller than 105, the drawing is scaled down with anti-aliasing.
        transforms: a function of (image, label), such as a torchvision v2 transform.

    Attributes:
        labels: (N,) int64, places in `classes`, the names `alphabet/character`.
        drawers: (N,) int64, 1 to 20.

    Raises:
        ValueError: there is no such split or side.
        DataError: the set is not at hand, or a file of it is damaged.

    Layout:
        omniglot-py/images_background_small1.zip ..., as published and as `torchvision.datasets.Omniglot` keeps them.
        Items and characters are sorted by name.

    Source:
        B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum: Human-level concept learning through probabilistic program
        induction. Science 350(6266), 2015 (MIT licence).
    """

    splits = (*SMALL, *FULL)

    def __init__(
        self, split: str = "small1", *, side: int = SIDE, transforms: Callable[[Any, Any], Any] | None = None
    ) -> None:
        if not isinstance(side, int) or not 1 <= side <= SIDE:
            raise ValueError(f"side is {side!r}: it must be a whole number of pixels from 1 to {SIDE}")
        super().__init__(split, transforms, set_name="omniglot" if split in FULL else "omniglot_small")
        drawings = _read_zip(self.folder(f"omniglot-py/{STEMS[split]}.zip"))
        self.names = list(drawings)
        self._pixels = _scaled(torch.stack(list(drawings.values())), side)
        parts = [name.split("/") for name in self.names]
        self.labels, self.classes = numbered([f"{alphabet}/{character}" for alphabet, character, _ in parts])
        self.drawers = torch.tensor([int(drawing.rpartition("_")[2]) for _, _, drawing in parts])

    @property
    def images(self) -> Tensor:
        """All drawings, uint8 (N, 1, side, side), without transforms."""
        return self._pixels.unsqueeze(1)

    def read(self, index: int) -> tuple[tv_tensors.Image, int]:
        return tv_tensors.Image(self._pixels[index].unsqueeze(0).clone()), int(self.labels[index])


@dataclass(frozen=True)
class OneShotRun:
    """One run of the published one-shot test: 20 characters of one alphabet, one drawing each to learn from.

    Attributes:
        support: uint8 (20, 1, side, side), one drawing of each class.
        query: uint8 (20, 1, side, side), by another drawer.
        answers: (20,) int64, the place in `support` of each query's class.
    """

    support: Tensor
    query: Tensor
    answers: Tensor


def one_shot_runs(side: int = SIDE) -> list[OneShotRun]:
    """The 20 published runs of 20-way one-shot classification; people err in 4.5 % of the 400 questions.

    Raises:
        DataError: the set is not at hand, or its file is damaged.

    Source:
        Lake et al., 2015; https://github.com/brendenlake/omniglot, one-shot-classification/all_runs.zip.
    """
    data_set = _Runs("small1", None, set_name="omniglot_small")
    path = data_set.folder("omniglot-py/one-shot-classification/all_runs.zip")
    require_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return [_run(archive, f"run{number:02d}", side) for number in range(1, RUNS + 1)]
    except _DAMAGED as error:
        raise DataError(f"{path} is damaged ({error}): {MEND}") from error


class _Runs(RealSet):
    """Only finds the files."""


def _run(archive: zipfile.ZipFile, run: str, side: int) -> OneShotRun:
    lines = archive.read(f"{run}/class_labels.txt").decode().split("\n")
    rows = [line.split() for line in lines if line.strip()]
    support_names = sorted({support for _, support in rows})
    support, query = (
        _scaled(torch.stack([_decode(archive.read(name)) for name in names]), side).unsqueeze(1)
        for names in (support_names, [test for test, _ in rows])
    )
    return OneShotRun(support, query, torch.tensor([support_names.index(answer) for _, answer in rows]))


def _read_zip(path: Path) -> dict[str, Tensor]:
    """`alphabet/character/drawing`: pixels uint8 (105, 105), in the order of the names."""
    require_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(
                (PurePosixPath(name).parts[-3:], name) for name in archive.namelist() if name.endswith(".png")
            )
            found = {"/".join(parts).removesuffix(".png"): _decode(archive.read(name)) for parts, name in names}
    except _DAMAGED as error:
        raise DataError(f"{path} is damaged ({error}): {MEND}") from error
    if not found or any(len(name.split("/")) != 3 for name in found):
        raise DataError(f"{path} holds no drawings as ALPHABET/CHARACTER/DRAWING.png: {MEND}")
    return found


def _decode(data: bytes) -> Tensor:
    with Image.open(io.BytesIO(data)) as file:
        pixels = np.array(file.convert("L"))
    if pixels.shape != (SIDE, SIDE):
        raise ValueError(f"a drawing has {pixels.shape[1]} x {pixels.shape[0]} pixels")
    return torch.from_numpy(pixels)


def _scaled(pixels: Tensor, side: int) -> Tensor:
    """(N, 105, 105) as (N, side, side), uint8."""
    return pixels if side == SIDE else V.resize(pixels.unsqueeze(1), [side, side], antialias=True).squeeze(1)
