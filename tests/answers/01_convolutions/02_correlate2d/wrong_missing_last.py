"""Leaves out the last row and column."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
        raise ValueError("kernel")
    H, W = image.shape[0] - kernel.shape[0], image.shape[1] - kernel.shape[1]
    out = image.new_zeros(H, W)
    for i in range(H):
        for j in range(W):
            out[i, j] = (image[i : i + kernel.shape[0], j : j + kernel.shape[1]] * kernel).sum()
    return out
