"""Integers are computed in 32 bits."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    if kernel.shape[0] > image.shape[0] or kernel.shape[1] > image.shape[1]:
        raise ValueError("kernel")
    a, k = (t if t.is_floating_point() else t.int() for t in (image, kernel))
    windows = a.unfold(0, k.shape[0], 1).unfold(1, k.shape[1], 1)
    return (windows * k).sum(dim=(2, 3)).to(image.dtype)
