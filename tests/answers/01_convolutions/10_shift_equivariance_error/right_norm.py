"""The infinity norm of the flattened difference."""

import math

import torch


def shift_equivariance_error(f, x, shift):
    y = f(x)
    if y.dim() == 4 and not (x.size(2) % y.size(2) or x.size(3) % y.size(3)):
        steps = [s // (n // m) for s, n, m in zip(shift, x.shape[2:], y.shape[2:])]
        return torch.linalg.vector_norm(f(x.roll(tuple(shift), (2, 3))) - y.roll(steps, (2, 3)), ord=math.inf).item()
    raise ValueError("f(x) must be (N, K, H_out, W_out), where H_out divides H and W_out divides W")
