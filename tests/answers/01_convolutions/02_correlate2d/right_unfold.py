"""Tensor.unfold twice, multiply, sum."""


def correlate2d(image, kernel):
    if image.dim() != 2:
        raise ValueError(f"image has shape {image.shape}")
    if kernel.dim() != 2:
        raise ValueError(f"kernel has shape {kernel.shape}")
    if any(k > n for k, n in zip(kernel.shape, image.shape)):
        raise ValueError("image smaller than kernel")
    windows = image.unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)
    return (windows * kernel).sum(dim=(2, 3))
