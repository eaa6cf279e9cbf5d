"""Builds Toeplitz blocks with scipy."""

import numpy as np
import torch

import scipy.linalg


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
    blocks = []
    for u in range(h):
        row = np.zeros(width, kernel.numpy().dtype)
        row[:w] = kernel.numpy()[u]
        column = np.zeros(width - w + 1, row.dtype)
        column[0] = row[0]
        blocks.append(torch.from_numpy(scipy.linalg.toeplitz(column, row).copy()))
    n, m = blocks[0].shape
    W = kernel.new_zeros(height - h + 1, n, height, m)
    for i in range(height - h + 1):
        for u in range(h):
            W[i, :, i + u, :] = blocks[u]
    return W.reshape((height - h + 1) * n, height * m)
