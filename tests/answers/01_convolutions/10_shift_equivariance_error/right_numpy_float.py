"""The largest difference as a float of numpy."""

import numpy as np
import torch


def shift_equivariance_error(f, x, shift):
    y = f(x)
    if y.dim() != 4 or x.shape[2] % y.shape[2] != 0 or x.shape[3] % y.shape[3] != 0:
        raise ValueError(f"f returns the wrong shape {tuple(y.shape)}")
    down, right = shift
    a = f(torch.roll(x, shifts=(down, right), dims=(2, 3)))
    b = torch.roll(y, shifts=(down // (x.shape[2] // y.shape[2]), right // (x.shape[3] // y.shape[3])), dims=(2, 3))
    return np.max(np.abs((a - b).detach().double().numpy()))
