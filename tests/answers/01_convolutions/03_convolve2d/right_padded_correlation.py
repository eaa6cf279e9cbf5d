"""Pads, flips the kernel and correlates by Tensor.unfold."""

import torch


def convolve2d(image, kernel):
    for name, value in (("image", image), ("kernel", kernel)):
        if value.dim() != 2:
            raise ValueError(f"{name} must have two dimensions")
    (H, W), (h, w) = image.shape, kernel.shape
    padded = torch.zeros(H + 2 * h - 2, W + 2 * w - 2, dtype=image.dtype, device=image.device)
    padded[h - 1 : h - 1 + H, w - 1 : w - 1 + W] = image
    windows = padded.unfold(0, h, 1).unfold(1, w, 1)
    return (windows * torch.flip(kernel, (0, 1))).sum((2, 3))
