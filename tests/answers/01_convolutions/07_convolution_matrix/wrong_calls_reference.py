"""Applies the library's convolution to the standard basis."""

import torch
import torch.nn.functional as F


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
    basis = torch.eye(height * width, dtype=kernel.dtype).reshape(-1, 1, height, width)
    return F.conv2d(basis, kernel[None, None]).flatten(1).T
