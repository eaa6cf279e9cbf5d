"""The number of dimensions is not checked."""


def avg_pool2d(x, kernel_size, stride=None):
    if x.dim() < 4:
        raise ValueError("x must have 4 dimensions")
    if kernel_size < 1:
        raise ValueError("kernel_size must be at least 1")
    if stride is None:
        stride = kernel_size
    if stride < 1:
        raise ValueError("stride must be at least 1")
    if kernel_size > x.shape[2] or kernel_size > x.shape[3]:
        raise ValueError("kernel_size: the window does not fit")

    windows = x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride)
    return windows.mean((-2, -1))
