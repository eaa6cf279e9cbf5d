"""A product with a pooling matrix from each side."""

import torch


def avg_pool2d(x, kernel_size, stride=None):
    if stride is None:
        stride = kernel_size
    if x.dim() != 4:
        raise ValueError("x must have four dimensions")
    if kernel_size < 1:
        raise ValueError("kernel_size must be positive")
    if stride < 1:
        raise ValueError("stride must be positive")
    N, C, H, W = x.shape
    if kernel_size > H or kernel_size > W:
        raise ValueError("kernel_size does not fit into x")

    def matrix(size):
        starts = torch.arange(0, size - kernel_size + 1, stride)[:, None]
        pixels = torch.arange(size)
        return ((pixels >= starts) & (pixels < starts + kernel_size)).to(x.dtype) / kernel_size

    return matrix(H) @ x @ matrix(W).T
