"""Calls torch's pad."""

import torch.nn.functional as F


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    sides = (padding,) * 4 if isinstance(padding, int) else tuple(padding)
    return F.pad(x, sides, mode="constant" if mode == "zeros" else mode)
