"""The maximum of shifted images, one for each place in a window."""

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
    rows, columns = (H - kernel_size) // stride, (W - kernel_size) // stride
    out = None
    for u in range(kernel_size):
        for v in range(kernel_size):
            part = x[:, :, u : u + rows * stride + 1 : stride, v : v + columns * stride + 1 : stride]
            out = part if out is None else torch.maximum(out, part)
    return out + 0
