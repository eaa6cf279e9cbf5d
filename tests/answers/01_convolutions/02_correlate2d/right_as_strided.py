"""as_strided, then a product of matrices."""


def correlate2d(image, kernel):
    if image.dim() != 2 or kernel.dim() != 2:
        raise ValueError("image, kernel: two dimensions each")
    (H, W), (h, w) = image.shape, kernel.shape
    if h > H or w > W:
        raise ValueError("kernel larger than image")
    s, t = image.stride()
    windows = image.as_strided((H - h + 1, W - w + 1, h, w), (s, t, s, t))
    return (windows.reshape(-1, h * w) @ kernel.reshape(-1)).reshape(H - h + 1, W - w + 1)
