"""Rolls one axis after the other."""

import math


def shift_equivariance_error(f, x, shift):
    H, W = x.shape[-2:]
    out = f(x)
    if out.ndim != 4:
        raise ValueError("f must return four dimensions")
    h, w = out.shape[-2:]
    if h > H or w > W or H % h or W % w:
        raise ValueError("f must return sizes that divide those of x")
    moved = x.roll(shift[0], -2).roll(shift[1], -1)
    expected = out.roll(math.floor(shift[0] * h / H), -2).roll(math.floor(shift[1] * w / W), -1)
    return (f(moved) - expected).abs().max().item()
