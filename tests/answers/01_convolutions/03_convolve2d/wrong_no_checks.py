"""Does not check the number of dimensions."""


def convolve2d(image, kernel):
    (H, W), (h, w) = image.shape, kernel.shape
    out = image.new_zeros(H + h - 1, W + w - 1)
    for u in range(h):
        for v in range(w):
            out[u : u + H, v : v + W] += kernel[u, v] * image
    return out
