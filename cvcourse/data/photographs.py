"""The photographs inside scikit-image: read from the installed library, so that they never need a network."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from cvcourse.errors import DataError

# Name in skimage.data: file in its wheel. Other functions there download, or show no photograph.
COLOUR = {
    "astronaut": "astronaut.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "hubble_deep_field": "hubble_deep_field.jpg",
    "motorcycle": "motorcycle_left.png",
    "rocket": "rocket.jpg",
}
GREY = {
    "brick": "brick.png",
    "camera": "camera.png",
    "clock": "clock_motion.png",
    "coins": "coins.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "moon": "moon.png",
}
FILES = COLOUR | GREY


class Photographs(Dataset):
    """Photographs as a map-style data set: an item is one image, asked for by its number or its name.

    Attributes:
        names: the photographs' names, in order.
        source: `"embedded"`.
        transform: applied to an item.
    """

    source = "embedded"

    def __init__(
        self, names: Sequence[str], pictures: Sequence[Tensor], transform: Callable[[Tensor], Any] | None = None
    ) -> None:
        self.names = tuple(names)
        self._pictures = list(pictures)
        self.transform = transform

    @property
    def images(self) -> Tensor:
        """All photographs at once, (N, C, H, W), without the transform.

        Raises:
            ValueError: they are not all of one size.
        """
        if len({picture.shape for picture in self._pictures}) > 1:
            raise ValueError("the photographs are of different sizes: ask for photographs(size=...) to stack them")
        return torch.stack(self._pictures)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int | str) -> Any:
        if isinstance(index, str):
            _require_known([index], self.names)
            index = self.names.index(index)
        picture = self._pictures[index].clone()
        return self.transform(picture) if self.transform else picture

    def __repr__(self) -> str:
        return f"Photographs({len(self)}: {', '.join(self.names)})"


def photographs(
    names: Sequence[str] | None = None,
    *,
    size: int | tuple[int, int] | None = None,
    grey: bool = False,
    dtype: torch.dtype = torch.float32,
    transform: Callable[[Tensor], Any] | None = None,
) -> Photographs:
    """Photographs that come with scikit-image: 6 in colour, then 7 grey ones with three equal channels.

    Args:
        names: which ones, in this order; None takes all. `photographs().names` lists them.
        size: (height, width) in pixels, or one number for a square: scaled with anti-aliasing until the frame is
            filled, then cropped at the centre. None keeps each photograph's own size.
        grey: one channel of brightness (ITU-R BT.601) in place of three.
        dtype: `torch.float32`, in [0, 1], or `torch.uint8`, in [0, 255].
        transform: applied to an item.

    Returns:
        A data set of tensors (3, H, W), or (1, H, W) with `grey`.

    Raises:
        ValueError: a name, size or dtype that there is not.
        DataError: the installed scikit-image lacks a photograph that was asked for.

    Source:
        scikit-image's `skimage.data`; each is CC0, in the public domain or without known restrictions, as stated there.

    Example:
        >>> photographs(["coffee"], size=64)["coffee"].shape
        torch.Size([3, 64, 64])
    """
    if dtype not in (torch.float32, torch.uint8):
        raise ValueError(f"dtype is {dtype}: it must be torch.float32 or torch.uint8")
    frame = _frame(size)
    folder = _folder()
    if names is None:
        names = [name for name, file in FILES.items() if (folder / file).is_file()]
    names = [names] if isinstance(names, str) else list(names)
    _require_known(names, FILES)
    pictures = [_picture(folder / FILES[name], frame, grey) for name in names]
    return Photographs(names, [_as(dtype, picture) for picture in pictures], transform)


def _require_known(names: Sequence[str], known: Sequence[str] | dict[str, str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"no photograph is called {unknown[0]!r}; there are: {', '.join(known)}")


def _frame(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    if size is None:
        return None
    frame = tuple(size) if isinstance(size, list | tuple) else (size, size)
    if len(frame) != 2 or not all(isinstance(side, int) and side >= 1 for side in frame):
        raise ValueError(f"size is {size!r}: it must be a whole number of pixels, or (height, width)")
    return frame


def _folder() -> Path:
    """scikit-image's folder of pictures. Its own functions would download what is missing there."""
    return Path(next(iter(find_spec("skimage").submodule_search_locations))) / "data"


def _picture(path: Path, frame: tuple[int, int] | None, grey: bool) -> Tensor:
    """One photograph as uint8 (C, H, W), scaled and cropped to `frame`."""
    from torchvision.transforms.v2 import functional as V

    picture = _decoded(path, grey)
    if frame is None:
        return picture.clone()
    height, width = picture.shape[-2:]
    scale = max(frame[0] / height, frame[1] / width)
    scaled = [max(side, round(length * scale)) for side, length in zip(frame, (height, width), strict=True)]
    return V.center_crop(V.resize(picture, scaled, antialias=True), list(frame))


@lru_cache(maxsize=2 * len(FILES))
def _decoded(path: Path, grey: bool) -> Tensor:
    """One photograph as uint8 (C, H, W), for reading only; all of them take 15 MB."""
    try:
        with Image.open(path) as file:
            pixels = np.array(file.convert("L" if grey else "RGB"))
    except OSError as error:
        message = f"{path.name} is missing or damaged in the installed scikit-image: install scikit-image again"
        raise DataError(message) from error
    return torch.from_numpy(pixels.reshape(*pixels.shape[:2], -1)).permute(2, 0, 1).contiguous()


def _as(dtype: torch.dtype, picture: Tensor) -> Tensor:
    return picture if dtype == torch.uint8 else picture.float().div_(255)
