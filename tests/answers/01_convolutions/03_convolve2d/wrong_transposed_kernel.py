"""Reads square kernels transposed."""


def convolve2d(image, kernel):
    for name, value in (("image", image), ("kernel", kernel)):
        if value.dim() != 2:
            raise ValueError(f"{name} must have two dimensions")
    (H, W), (h, w) = image.shape, kernel.shape
    out = image.new_zeros(H + h - 1, W + w - 1)
    for u in range(h):
        for v in range(w):
            out[u : u + H, v : v + W] += (kernel[v, u] if h == w else kernel[u, v]) * image
    return out
