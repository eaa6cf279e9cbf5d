"""Normal noise by the million: rows of a table, for renderers in which drawing it anew would cost most of the time."""

from functools import lru_cache

import torch
from torch import Tensor

from cvcourse.data.hashing import Draws

_LENGTH = 1 << 20


def add_noise(canvas: Tensor, strength: Tensor, draws: Draws) -> None:
    """Add independent normal noise of standard deviation `strength` (N,) to a canvas (C, N, H, W), in place.

    The noise of a picture's channel is a run of the table that begins at a place of its own; two runs can overlap,
    shifted against each other, which no statistic of single pictures sees.
    """
    channels, n, height, width = canvas.shape
    rows = _table(height * width, str(canvas.device)).as_strided((_LENGTH, height * width), (1, 1))
    start = draws.choice("noise start", _LENGTH, channels)
    for channel in range(channels):
        noise = rows.index_select(0, start[:, channel]).view(n, height, width)
        canvas[channel].addcmul_(noise, strength[:, None, None])


@lru_cache(maxsize=4)
def _table(extra: int, device: str) -> Tensor:
    """A million normal numbers and, so that a row may begin at each, as many more as a row is long."""
    return Draws(0, torch.zeros(1, dtype=torch.long, device=device)).normal("table", _LENGTH + extra)[0]
