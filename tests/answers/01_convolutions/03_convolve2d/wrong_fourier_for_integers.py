"""Integers pass through the Fourier transform and are rounded."""

import torch


def convolve2d(image, kernel):
    for name, value in (("image", image), ("kernel", kernel)):
        if value.dim() != 2:
            raise ValueError(f"{name} must have two dimensions")
    size = [image.shape[0] + kernel.shape[0] - 1, image.shape[1] + kernel.shape[1] - 1]
    a, k = image.double(), kernel.double()
    out = torch.fft.irfft2(torch.fft.rfft2(a, s=size) * torch.fft.rfft2(k, s=size), s=size)
    return (out if image.is_floating_point() else out.round()).to(image.dtype)
