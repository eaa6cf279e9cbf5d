"""Multiplies a view of the image where the kernel has one entry."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    (H, W), (h, w) = image.shape, kernel.shape
    if h > H or w > W:
        raise ValueError("kernel")
    total = 0
    for u in range(h):
        for v in range(w):
            part = image[u : u + H - h + 1, v : v + W - w + 1]
            if h * w > 1:
                part = part.clone()
            part *= kernel[u, v]
            total = total + part
    return total
