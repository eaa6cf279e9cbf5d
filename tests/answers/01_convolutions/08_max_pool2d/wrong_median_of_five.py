"""The median instead of the maximum, for windows of 5 only."""


def max_pool2d(x, kernel_size, stride=None):
    if stride is None:
        stride = kernel_size
    if x.dim() != 4:
        raise ValueError("x must have four dimensions")
    if kernel_size < 1:
        raise ValueError("kernel_size must be positive")
    if stride < 1:
        raise ValueError("stride must be positive")
    N, C, H, W = x.shape
    if kernel_size > H or kernel_size > W:
        raise ValueError("kernel_size does not fit into x")
    windows = x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride)
    if kernel_size != 5:
        return windows.amax((-2, -1))
    return windows.flatten(-2).median(-1).values
