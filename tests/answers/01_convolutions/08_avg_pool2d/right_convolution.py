"""Calls the answer to exercise 5 with kernels of equal weights, one group a channel."""

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
    weight = torch.full((C, 1, kernel_size, kernel_size), 1 / kernel_size**2, dtype=x.dtype, device=x.device)
    return conv2d(x, weight, stride=stride, groups=C)
