"""Read picture files into tensors; one that is missing, damaged or of another size is an error that names it."""

import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cvcourse.errors import DataError

# What Pillow raises for a file that is cut off or no picture (broken PNG chunks are SyntaxErrors).
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)

MEND = "put a whole copy of the set in its place"


def read_picture(path: Path, mode: str = "RGB", size: tuple[int, int] | None = None) -> Tensor:
    """A picture as uint8 (C, H, W): C is 3 for the mode "RGB", 1 for "L" (grey).

    Args:
        path: a file in any format that Pillow reads.
        mode: "RGB" or "L"; a picture of another mode is converted.
        size: (width, height) in pixels that it must have; None takes any.

    Raises:
        DataError: the file is missing, damaged or of another size; the message names it.
    """
    pixels = _pixels(path, mode)
    _require_size(path, pixels.shape, size)
    return torch.from_numpy(pixels.reshape(*pixels.shape[:2], -1)).permute(2, 0, 1).contiguous()


def read_numbers(path: Path, size: tuple[int, int] | None = None) -> Tensor:
    """The numbers of a picture with one channel as int32 (H, W), such as labels of pixels with 8 or 16 bits.

    Raises:
        DataError: as `read_picture`, or the picture has several channels.
    """
    pixels = _pixels(path, None)
    if pixels.ndim != 2:
        raise DataError(f"{path} has {pixels.shape[2]} channels where one with labels is expected: {MEND}")
    _require_size(path, pixels.shape, size)
    return torch.from_numpy(pixels.astype(np.int32))


def read_stack(path: Path) -> Tensor:
    """All pages of a grey TIFF as uint8 (N, H, W).

    Raises:
        DataError: as `read_picture`.
    """
    require_file(path)
    try:
        with Image.open(path) as file:
            pages = []
            for number in range(getattr(file, "n_frames", 1)):
                file.seek(number)
                pages.append(np.array(file.convert("L")))
    except _DAMAGED as error:
        raise DataError(f"{path} is damaged ({error}): {MEND}") from error
    if len({page.shape for page in pages}) > 1:
        raise DataError(f"{path} has pages of several sizes: {MEND}")
    return torch.from_numpy(np.stack(pages))


def require_file(path: Path) -> None:
    """Raises a `DataError` that names `path` where it is no file with something in it."""
    try:
        size = path.stat().st_size if path.is_file() else None
    except OSError:
        size = None
    if not size:
        raise DataError(f"{path} is {'missing' if size is None else 'empty'}: {MEND}")


def read_lines(path: Path) -> list[str]:
    """The lines of a text file that are not empty, stripped.

    Raises:
        DataError: it is missing, no text, or has no line.
    """
    require_file(path)
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}): {MEND}") from error
    if not lines:
        raise DataError(f"{path} is empty: {MEND}")
    return lines


def _pixels(path: Path, mode: str | None) -> np.ndarray:
    """(H, W) or (H, W, C); `mode` None leaves the numbers as they are, places in a palette included."""
    require_file(path)
    try:
        with warnings.catch_warnings(), Image.open(path) as file:
            warnings.simplefilter("ignore")  # a palette with transparency, or odd metadata: no concern of a reader
            return np.array(file if mode is None else file.convert(mode))
    except _DAMAGED as error:
        raise DataError(f"{path} is damaged ({error}): {MEND}") from error


def _require_size(path: Path, shape: tuple[int, ...], size: tuple[int, int] | None) -> None:
    height, width = shape[:2]
    if size is not None and (width, height) != tuple(size):
        raise DataError(f"{path} has {width} x {height} pixels, not {size[0]} x {size[1]}: {MEND}")
