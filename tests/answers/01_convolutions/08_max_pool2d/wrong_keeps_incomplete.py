"""Keeps the incomplete windows at the end."""

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
    rows, columns = -(-(H - kernel_size) // stride) + 1, -(-(W - kernel_size) // stride) + 1
    return torch.stack(
        [
            torch.stack(
                [
                    x[:, :, i * stride : i * stride + kernel_size, j * stride : j * stride + kernel_size].amax((2, 3))
                    for j in range(columns)
                ],
                -1,
            )
            for i in range(rows)
        ],
        -2,
    )
