"""Builds the transpose and returns its view."""

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
    W = torch.zeros(height * width, (height - h + 1) * (width - w + 1), dtype=kernel.dtype)
    for i in range(height - h + 1):
        for j in range(width - w + 1):
            W.view(height, width, -1)[i : i + h, j : j + w, i * (width - w + 1) + j] = kernel
    return W.t()
