"""Rounds to three decimals."""

import torch


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    (H, W), (h, w) = image.shape, kernel.shape
    if h > H or w > W:
        raise ValueError("kernel")
    result = sum(kernel[u, v] * image[u : u + H - h + 1, v : v + W - w + 1] for u in range(h) for v in range(w))
    return torch.round(result, decimals=3) if result.is_floating_point() else result
