"""Square windows cut out of many pictures at once, so that painting a small object costs no whole picture."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class Windows:
    """M windows of the same side, each in one picture of a batch.

    No two windows may share a pixel when they are written together.

    Attributes:
        place: int64 (M * side * side,), where each pixel lies in a plane (N, H, W) read as one row.
        x, y: float32 (M, side), the coordinates of the pixels' centres: the first pixel's is 0.5.
        left, top: int64 (M,), the first column and row.
    """

    place: Tensor
    x: Tensor
    y: Tensor
    left: Tensor
    top: Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """(M, side, side)."""
        return (*self.x.shape, self.x.shape[1])

    def read(self, plane: Tensor) -> Tensor:
        """The windows' values in a contiguous plane (N, H, W): (M, side, side)."""
        return plane.view(-1).index_select(0, self.place).view(self.shape)

    def write(self, plane: Tensor, values: Tensor) -> None:
        """Put values (M, side, side) back, in place."""
        plane.view(-1).scatter_(0, self.place, values.reshape(-1))


def cut(picture: Tensor, x: Tensor, y: Tensor, side: int, height: int, width: int) -> Windows:
    """Windows around the points (x, y), moved inwards where they would leave the picture.

    Args:
        picture: int64 (M,), which picture of the batch each window lies in.
        x, y: float (M,), the centres in pixels.
        side: of the windows in pixels, at most `height` and `width`.
        height, width: of the pictures in pixels.
    """
    left = (x - side / 2).floor().long().clamp_(0, width - side)
    top = (y - side / 2).floor().long().clamp_(0, height - side)
    steps = torch.arange(side, device=x.device)
    columns, rows = left[:, None] + steps, top[:, None] + steps
    start = (picture[:, None] * height + rows) * width
    place = (start[:, :, None] + columns[:, None, :]).view(-1)
    return Windows(place, columns + 0.5, rows + 0.5, left, top)


def rotated(windows: Windows, x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """The pixels' coordinates seen from objects at (x, y) turned by `angle` radians: two tensors (M, side, side)."""
    across, down = windows.x - x[:, None], windows.y - y[:, None]
    cos, sin = angle.cos()[:, None], angle.sin()[:, None]
    u = (cos * across)[:, None, :] + (sin * down)[:, :, None]
    v = (cos * down)[:, :, None] - (sin * across)[:, None, :]
    return u, v
