"""Flips the kernel top to bottom only."""


def convolve2d(image, kernel):
    for name, value in (("image", image), ("kernel", kernel)):
        if value.dim() != 2:
            raise ValueError(f"{name} must have two dimensions")
    (H, W), (h, w) = image.shape, kernel.shape
    out = image.new_zeros(H + h - 1, W + w - 1)
    for u in range(h):
        for v in range(w):
            out[u : u + H, v : v + W] += kernel[u, w - 1 - v] * image
    return out
