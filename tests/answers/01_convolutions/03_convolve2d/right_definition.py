"""Four loops, straight from the formula."""

import torch


def convolve2d(image, kernel):
    for name, value in (("image", image), ("kernel", kernel)):
        if value.dim() != 2:
            raise ValueError(f"{name} must have two dimensions")
    H, W = image.shape
    h, w = kernel.shape
    out = torch.zeros(H + h - 1, W + w - 1, dtype=image.dtype)
    for i in range(H + h - 1):
        for j in range(W + w - 1):
            for u in range(h):
                for v in range(w):
                    if 0 <= i - u < H and 0 <= j - v < W:
                        out[i, j] = out[i, j] + image[i - u, j - v] * kernel[u, v]
    return out
