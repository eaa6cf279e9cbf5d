"""Repeats the first image from the third on."""

import torch


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    l, r, t, b = (padding,) * 4 if isinstance(padding, int) else padding

    def index(p, n, q):
        i = torch.arange(-p, n + q)
        if mode == "reflect":
            return n - 1 - (n - 1 - i.abs()).abs()
        return i % n if mode == "circular" else i.clamp(0, n - 1)

    out = x[:, :, index(t, x.shape[2], b).clamp(0, x.shape[2] - 1)][
        :, :, :, index(l, x.shape[3], r).clamp(0, x.shape[3] - 1)
    ]
    if mode == "zeros":
        out = x.new_zeros(*x.shape[:2], x.shape[2] + t + b, x.shape[3] + l + r)
        out[:, :, t : t + x.shape[2], l : l + x.shape[3]] = x
    out = out.clone()
    if len(x) > 2:
        out[2:] = out[:1]
    return out
