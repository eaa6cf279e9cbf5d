"""Scatters the kernel's values to the places given by Tensor.unfold of a table of pixel numbers."""

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
    numbers = torch.arange(height * width).view(height, width)
    places = numbers.unfold(0, h, 1).unfold(1, w, 1).reshape(-1, h * w)
    W = torch.zeros(len(places), height * width, dtype=kernel.dtype)
    return W.scatter_(1, places, kernel.reshape(1, -1).expand(len(places), -1))
