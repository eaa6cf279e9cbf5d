"""Integers pass through float64, which has gaps beyond 2**53."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
        raise ValueError("kernel")
    windows = image.double().unfold(0, kernel.shape[0], 1).unfold(1, kernel.shape[1], 1)
    result = (windows * kernel.double()).sum(dim=(2, 3))
    return (result if image.is_floating_point() else result.round()).to(image.dtype)
