"""The Fourier transform without room: the ends wrap around."""

import torch


def convolve2d(image, kernel):
    for name, value in (("image", image), ("kernel", kernel)):
        if value.dim() != 2:
            raise ValueError(f"{name} must have two dimensions")
    size = [max(a, b) for a, b in zip(image.shape, kernel.shape)]
    out = torch.fft.irfft2(torch.fft.rfft2(image.double(), s=size) * torch.fft.rfft2(kernel.double(), s=size), s=size)
    full = image.new_zeros(image.shape[0] + kernel.shape[0] - 1, image.shape[1] + kernel.shape[1] - 1)
    full[: size[0], : size[1]] = out.to(image.dtype) if image.is_floating_point() else out.round().to(image.dtype)
    return full
