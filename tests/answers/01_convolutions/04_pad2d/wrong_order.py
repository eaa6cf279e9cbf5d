"""Takes the four numbers as (top, bottom, left, right)."""

import torch


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    t, b, l, r = (padding,) * 4 if isinstance(padding, int) else padding
    return gather(x, l, r, t, b, mode)


def gather(x, l, r, t, b, mode):
    def index(p, n, q):
        i = torch.arange(-p, n + q)
        if mode == "reflect":
            i = n - 1 - (n - 1 - i.abs()).abs()
        return i % n if mode == "circular" else i.clamp(0, n - 1), (torch.arange(-p, n + q) >= 0) & (
            torch.arange(-p, n + q) < n
        )

    (rows, inside_r), (columns, inside_c) = index(t, x.shape[2], b), index(l, x.shape[3], r)
    out = x[:, :, rows][:, :, :, columns]
    return out * (inside_r[:, None] & inside_c) if mode == "zeros" else out
