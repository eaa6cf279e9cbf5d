"""Compares the number of pixels instead of each direction."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    (H, W), (h, w) = image.shape, kernel.shape
    if h * w > H * W:
        raise ValueError("kernel")
    return sum(kernel[u, v] * image[u : u + H - h + 1, v : v + W - w + 1] for u in range(h) for v in range(w))
