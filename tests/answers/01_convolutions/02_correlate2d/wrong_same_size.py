"""Pads with zeros, so that the output is as large as the image."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    (H, W), (h, w) = image.shape, kernel.shape
    if h > H or w > W:
        raise ValueError("kernel")
    padded = image.new_zeros(H + h - 1, W + w - 1)
    padded[h // 2 : h // 2 + H, w // 2 : w // 2 + W] = image
    return sum(kernel[u, v] * padded[u : u + H, v : v + W] for u in range(h) for v in range(w))
