"""Multiplies the image itself where the kernel has one entry."""


def convolve2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    if kernel.numel() == 1:
        return image.mul_(kernel)
    (H, W), (h, w) = image.shape, kernel.shape
    output = image.new_zeros(H + h - 1, W + w - 1)
    for u in range(h):
        for v in range(w):
            output[u : u + H, v : v + W] += kernel[u, v] * image
    return output
