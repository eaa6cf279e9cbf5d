"""Multiplies the image itself where the kernel has one entry."""

import torch


def correlate2d(image, kernel):
    if image.ndim != 2 or kernel.ndim != 2:
        raise ValueError("image and kernel must be matrices")
    H, W = image.shape
    kH, kW = kernel.shape
    if kH > H or kW > W:
        raise ValueError("kernel does not fit")
    if kernel.numel() == 1:
        image *= kernel[0, 0]
        return image
    out = torch.zeros(H - kH + 1, W - kW + 1, dtype=image.dtype, device=image.device)
    for i in range(H - kH + 1):
        for j in range(W - kW + 1):
            for u in range(kH):
                for v in range(kW):
                    out[i, j] += image[i + u, j + v] * kernel[u, v]
    return out
