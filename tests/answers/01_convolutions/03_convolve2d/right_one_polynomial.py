"""The product of two polynomials in one variable, rows with gaps for the carry."""

import torch


def convolve2d(image, kernel):
    for name, value in (("image", image), ("kernel", kernel)):
        if value.dim() != 2:
            raise ValueError(f"{name} must have two dimensions")
    (H, W), (h, w) = image.shape, kernel.shape
    width = W + w - 1
    a = torch.cat([image, image.new_zeros(H, width - W)], 1).reshape(-1).tolist()
    b = torch.cat([kernel, kernel.new_zeros(h, width - w)], 1).reshape(-1).tolist()
    product = [0] * (len(a) + len(b))
    for i, p in enumerate(a):
        for j, q in enumerate(b):
            product[i + j] += p * q
    return torch.tensor(product[: (H + h - 1) * width], dtype=image.dtype).reshape(H + h - 1, width)
