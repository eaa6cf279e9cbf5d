"""Treats an int and the four-tuple alike by using its first entry."""

import torch


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    p = padding if isinstance(padding, int) else padding[0]

    def index(n):
        i = torch.arange(-p, n + p)
        if mode == "reflect":
            return n - 1 - (n - 1 - i.abs()).abs()
        return i % n if mode == "circular" else i.clamp(0, n - 1)

    if mode == "zeros":
        out = x.new_zeros(*x.shape[:2], x.shape[2] + 2 * p, x.shape[3] + 2 * p)
        out[:, :, p : p + x.shape[2], p : p + x.shape[3]] = x
        return out
    return x[:, :, index(x.shape[2])][:, :, :, index(x.shape[3])]
