"""Python numbers in lists; the tensor is made at the end."""

import torch


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image and kernel must have two dimensions")
    a, k = image.tolist(), kernel.tolist()
    rows, columns = len(a) - len(k) + 1, len(a[0]) - len(k[0]) + 1
    if min(rows, columns) < 1:
        raise ValueError("the kernel must fit into the image")
    out = [
        [sum(a[i + u][j + v] * k[u][v] for u in range(len(k)) for v in range(len(k[0]))) for j in range(columns)]
        for i in range(rows)
    ]
    return torch.tensor(out, dtype=image.dtype, device=image.device)
