"""Nested lists of maxima, stacked."""

import torch


def max_pool2d(x, kernel_size, stride=None):
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
    rows = range(0, H - kernel_size + 1, stride)
    columns = range(0, W - kernel_size + 1, stride)
    return torch.stack(
        [
            torch.stack(
                [x[:, :, i : i + kernel_size, j : j + kernel_size].reshape(N, C, -1).max(2)[0] for j in columns], -1
            )
            for i in rows
        ],
        -2,
    )
