"""Slices such as [-0:] break where a side has no padding."""

import torch


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    l, r, t, b = (padding,) * 4 if isinstance(padding, int) else padding
    for dim, p, q in ((2, t, b), (3, l, r)):
        x = x.transpose(dim, 0)
        if mode == "zeros":
            first, last = x.new_zeros(p, *x.shape[1:]), x.new_zeros(q, *x.shape[1:])
        elif mode == "replicate":
            first, last = x[:1].expand(p, *x.shape[1:]), x[-1:].expand(q, *x.shape[1:])
        elif mode == "reflect":
            first, last = x[1 : p + 1].flip(0), x[-q - 1 : -1].flip(0)
        else:
            first, last = x[-p:], x[:q]
        x = torch.cat([first, x, last]).transpose(dim, 0)
    return x
