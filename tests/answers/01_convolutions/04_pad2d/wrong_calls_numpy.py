"""Calls numpy's pad by a name bound before."""

import numpy as np
import torch

library = np.pad


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    l, r, t, b = (padding,) * 4 if isinstance(padding, int) else padding
    how = {"zeros": "constant", "replicate": "edge", "reflect": "reflect", "circular": "wrap"}[mode]
    return torch.from_numpy(library(x.numpy(), ((0, 0), (0, 0), (t, b), (l, r)), mode=how))
