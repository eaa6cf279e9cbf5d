"""Checks the kernel's height, not its width."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    (H, W), (h, w) = image.shape, kernel.shape
    if h > H:
        raise ValueError("kernel")
    out = image.new_zeros(H - h + 1, max(W - w + 1, 0))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (image[i : i + h, j : j + w] * kernel).sum()
    return out
