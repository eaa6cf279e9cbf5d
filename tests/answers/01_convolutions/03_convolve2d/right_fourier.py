"""A product of Fourier transforms for floats; sums for integers."""

import numpy as np
import torch


def convolve2d(image, kernel):
    for name, value in (("image", image), ("kernel", kernel)):
        if value.dim() != 2:
            raise ValueError(f"{name} must have two dimensions")
    size = [image.shape[0] + kernel.shape[0] - 1, image.shape[1] + kernel.shape[1] - 1]
    if image.is_floating_point():
        return torch.fft.irfft2(torch.fft.rfft2(image, s=size) * torch.fft.rfft2(kernel, s=size), s=size)
    out = torch.zeros(size, dtype=image.dtype)
    for (u, v), value in np.ndenumerate(kernel.numpy()):
        out[u : u + image.shape[0], v : v + image.shape[1]] += image * int(value)
    return out
