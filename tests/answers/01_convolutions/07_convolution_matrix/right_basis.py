"""Applies the answer to exercise 2 to every image of the standard basis."""

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
    columns = []
    for pixel in range(height * width):
        image = kernel.new_zeros(height * width)
        image[pixel] = 1
        columns.append(correlate2d(image.view(height, width), kernel).reshape(-1))
    return torch.stack(columns, dim=1)
