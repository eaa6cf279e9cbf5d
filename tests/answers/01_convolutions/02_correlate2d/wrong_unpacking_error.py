"""Leaves the wrong number of dimensions to Python's unpacking."""


def correlate2d(image, kernel):
    H, W = image.shape
    h, w = kernel.shape
    if h > H or w > W:
        raise ValueError("kernel")
    return sum(kernel[u, v] * image[u : u + H - h + 1, v : v + W - w + 1] for u in range(h) for v in range(w))
