"""Index lists and index_select; own checks of the arguments."""

import torch


def pad2d(x, padding, mode="zeros"):
    if x.dim() != 4:
        raise ValueError(f"x: {x.dim()} dimensions")
    l, r, t, b = [padding] * 4 if isinstance(padding, int) else list(padding)
    if min(l, r, t, b) < 0:
        raise ValueError("negative padding")
    H, W = x.shape[2:]
    if mode == "reflect" and (max(l, r) >= W or max(t, b) >= H):
        raise ValueError("padding too wide")
    if mode == "circular" and (max(l, r) > W or max(t, b) > H):
        raise ValueError("padding too wide")
    if mode == "zeros":
        out = x.new_zeros((x.shape[0], x.shape[1], H + t + b, W + l + r))
        out[:, :, t : t + H, l : l + W].copy_(x)
        return out
    make = {
        "replicate": lambda p, n, q: [0] * p + list(range(n)) + [n - 1] * q,
        "reflect": lambda p, n, q: list(range(p, 0, -1)) + list(range(n)) + [n - 2 - i for i in range(q)],
        "circular": lambda p, n, q: list(range(n - p, n)) + list(range(n)) + list(range(q)),
    }
    if mode not in make:
        raise ValueError(f"unknown mode {mode}")
    rows, columns = torch.tensor(make[mode](t, H, b)), torch.tensor(make[mode](l, W, r))
    return x.index_select(2, rows).index_select(3, columns)
