"""Turns the image itself into float64 and leaves it so."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    (H, W), (h, w) = image.shape, kernel.shape
    if h > H or w > W:
        raise ValueError("kernel")
    dtype = image.dtype
    if image.is_floating_point():
        image.data = image.data.double()
    result = sum(kernel[u, v] * image[u : u + H - h + 1, v : v + W - w + 1] for u in range(h) for v in range(w))
    return result.to(dtype)
