"""Reflection repeats the border pixel."""

import torch


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    l, r, t, b = (padding,) * 4 if isinstance(padding, int) else padding

    def index(p, n, q):
        i = torch.arange(-p, n + q)
        if mode == "reflect":
            i = torch.where(i < 0, -1 - i, i)
            return torch.where(i >= n, 2 * n - 1 - i, i)
        return i % n if mode == "circular" else i.clamp(0, n - 1)

    if mode == "zeros":
        out = x.new_zeros(*x.shape[:2], x.shape[2] + t + b, x.shape[3] + l + r)
        out[:, :, t : t + x.shape[2], l : l + x.shape[3]] = x
        return out
    return x[:, :, index(t, x.shape[2], b)][:, :, :, index(l, x.shape[3], r)]
