"""The corners stay zero: each side is padded on its own."""

import torch


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    l, r, t, b = (padding,) * 4 if isinstance(padding, int) else padding
    H, W = x.shape[2:]

    def index(p, n, q):
        i = torch.arange(-p, n + q)
        if mode == "reflect":
            return n - 1 - (n - 1 - i.abs()).abs()
        return i % n if mode == "circular" else i.clamp(0, n - 1)

    out = x.new_zeros(*x.shape[:2], H + t + b, W + l + r)
    if mode == "zeros":
        out[:, :, t : t + H, l : l + W] = x
        return out
    out[:, :, :, l : l + W] = x[:, :, index(t, H, b)]
    out[:, :, t : t + H] = x[:, :, :, index(l, W, r)]
    return out
