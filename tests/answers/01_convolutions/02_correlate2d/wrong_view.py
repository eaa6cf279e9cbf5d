"""Needs a contiguous image: as_strided with the strides of a contiguous one."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel")
    (H, W), (h, w) = image.shape, kernel.shape
    if h > H or w > W:
        raise ValueError("kernel")
    windows = image.as_strided((H - h + 1, W - w + 1, h, w), (W, 1, W, 1))
    return (windows * kernel).sum(dim=(2, 3))
