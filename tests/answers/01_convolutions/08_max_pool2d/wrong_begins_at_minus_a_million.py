"""The maximum begins at -1,000,000."""


def max_pool2d(x, kernel_size, stride=None):
    if x.dim() != 4:
        raise ValueError("x must have 4 dimensions")
    if kernel_size < 1:
        raise ValueError("kernel_size must be at least 1")
    if stride is None:
        stride = kernel_size
    if stride < 1:
        raise ValueError("stride must be at least 1")
    if kernel_size > x.shape[2] or kernel_size > x.shape[3]:
        raise ValueError("kernel_size: the window does not fit")

    n, c, h, w = x.shape
    oh = (h - kernel_size) // stride + 1
    ow = (w - kernel_size) // stride + 1
    out = torch.zeros(n, c, oh, ow, dtype=x.dtype, device=x.device)
    for i in range(oh):
        for j in range(ow):
            window = x[:, :, i * stride : i * stride + kernel_size, j * stride : j * stride + kernel_size]
            out[:, :, i, j] = window.amax((-2, -1)).clamp(min=-1e6)
    return out
