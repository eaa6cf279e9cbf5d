"""Its errors name no argument."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("two dimensions are needed")
    (H, W), (h, w) = image.shape, kernel.shape
    if h > H or w > W:
        raise ValueError("too large")
    return sum(kernel[u, v] * image[u : u + H - h + 1, v : v + W - w + 1] for u in range(h) for v in range(w))
