"""Lays the kernel on zero images, one per output."""

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
    rows = []
    for i in range(height - h + 1):
        for j in range(width - w + 1):
            image = torch.zeros(height, width, dtype=kernel.dtype, device=kernel.device)
            image[i : i + h, j : j + w] = kernel
            rows.append(image.flatten())
    return torch.stack(rows)
