"""Loops over the rows and columns of the result."""

import torch


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    if isinstance(padding, int):
        padding = (padding, padding, padding, padding)
    left, right, top, bottom = padding
    N, C, H, W = x.shape
    out = torch.zeros(N, C, top + H + bottom, left + W + right, dtype=x.dtype)

    def place(i, n):
        if 0 <= i < n:
            return i
        if mode == "zeros":
            return None
        if mode == "replicate":
            return 0 if i < 0 else n - 1
        if mode == "reflect":
            return -i if i < 0 else 2 * n - 2 - i
        return i + n if i < 0 else i - n

    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            row, column = place(i - top, H), place(j - left, W)
            if row is not None and column is not None:
                out[:, :, i, j] = x[:, :, row, column]
    return out
