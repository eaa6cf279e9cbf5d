"""Takes the kernel's height for its width."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
        raise ValueError("kernel")
    k = kernel.shape[0]
    H, W = image.shape[0] - k + 1, image.shape[1] - k + 1
    out = image.new_zeros(H, W)
    for i in range(H):
        for j in range(W):
            out[i, j] = (image[i : i + k, j : j + k] * kernel).sum()
    return out
