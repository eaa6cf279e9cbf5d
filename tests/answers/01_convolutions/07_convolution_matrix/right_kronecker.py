"""A sum of Kronecker products of shifted identities."""

import torch


def convolution_matrix(kernel, height, width):
    if kernel.dim() != 2:
        raise ValueError("kernel must have two dimensions")
    if height < 1:
        raise ValueError("height must be positive")
    if width < 1:
        raise ValueError("width must be positive")
    h, w = kernel.shape
    if h > height or w > width:
        raise ValueError("kernel does not fit")

    def shifted(n, k, offset):
        m = torch.zeros(n - k + 1, n, dtype=kernel.dtype)
        m.diagonal(offset).fill_(1)
        return m

    return sum(
        kernel[u, v] * torch.kron(shifted(height, h, u), shifted(width, w, v)) for u in range(h) for v in range(w)
    )
