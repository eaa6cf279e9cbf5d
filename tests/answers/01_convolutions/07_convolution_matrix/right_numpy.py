"""numpy, with one long row that is shifted."""

import numpy as np
import torch


def convolution_matrix(kernel, height, width):
    if kernel.dim() != 2:
        raise ValueError("kernel must have two dimensions")
    if height < 1:
        raise ValueError("height must be positive")
    if width < 1:
        raise ValueError("width must be positive")
    h, w = kernel.shape
    if h > height or w > width:
        raise ValueError("kernel does not fit")
    k = kernel.numpy()
    first = np.zeros((height, width), k.dtype)
    first[:h, :w] = k
    rows = [np.roll(first, (i, j), (0, 1)).ravel() for i in range(height - h + 1) for j in range(width - w + 1)]
    return torch.from_numpy(np.array(rows))
