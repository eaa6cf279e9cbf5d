"""An outer product whose entries are added up by the sum of their indices."""

import numpy as np
import torch


def convolve2d(image, kernel):
    for name, value in (("image", image), ("kernel", kernel)):
        if value.dim() != 2:
            raise ValueError(f"{name} must have two dimensions")
    a, k = image.numpy(), kernel.numpy()
    out = np.zeros((a.shape[0] + k.shape[0] - 1, a.shape[1] + k.shape[1] - 1), dtype=a.dtype)
    rows = np.arange(a.shape[0])[:, None, None, None] + np.arange(k.shape[0])[:, None]
    columns = np.arange(a.shape[1])[:, None, None] + np.arange(k.shape[1])
    np.add.at(out, np.broadcast_arrays(rows, columns), a[:, :, None, None] * k)
    return torch.from_numpy(out)
