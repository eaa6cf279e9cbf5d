"""Strips glued to the four sides."""

import torch


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    left, right, top, bottom = (padding,) * 4 if isinstance(padding, int) else padding
    for dim, before, after in ((2, top, bottom), (3, left, right)):
        n = x.shape[dim]
        if mode == "zeros":
            first, last = torch.zeros_like(x).narrow(dim, 0, 1), torch.zeros_like(x).narrow(dim, 0, 1)
            first, last = first.repeat_interleave(before, dim), last.repeat_interleave(after, dim)
        elif mode == "replicate":
            first, last = (
                x.narrow(dim, 0, 1).repeat_interleave(before, dim),
                x.narrow(dim, n - 1, 1).repeat_interleave(after, dim),
            )
        elif mode == "reflect":
            first, last = x.narrow(dim, 1, before).flip(dim), x.narrow(dim, n - 1 - after, after).flip(dim)
        else:
            first, last = x.narrow(dim, n - before, before), x.narrow(dim, 0, after)
        x = torch.cat([first, x, last], dim)
    return x
