"""Two products with selection matrices; integers exactly."""

import torch


def pad2d(x, padding, mode="zeros"):
    check_pad_arguments(x, padding, mode)
    l, r, t, b = (padding,) * 4 if isinstance(padding, int) else padding

    def select(p, n, q):
        m = torch.zeros(p + n + q, n, dtype=x.dtype)
        for i in range(-p, n + q):
            j = i
            if mode == "replicate":
                j = min(max(i, 0), n - 1)
            elif mode == "reflect":
                j = abs(i) if i < n else 2 * (n - 1) - i
            elif mode == "circular":
                j = i % n
            if 0 <= j < n:
                m[i + p, j] = 1
        return m

    return select(t, x.shape[2], b) @ x @ select(l, x.shape[3], r).T
