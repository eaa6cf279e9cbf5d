"""A shifted row without regard to line ends."""

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
    first = kernel.new_zeros(height, width)
    first[:h, :w] = kernel
    return torch.stack([first.flatten().roll(n) for n in range((height - h + 1) * (width - w + 1))])
