"""Its errors name no argument."""


def avg_pool2d(x, kernel_size, stride=None):
    if stride is None:
        stride = kernel_size
    if x.dim() != 4:
        raise ValueError("four dimensions")
    if kernel_size < 1:
        raise ValueError("too small")
    if stride < 1:
        raise ValueError("too small")
    N, C, H, W = x.shape
    if kernel_size > H or kernel_size > W:
        raise ValueError("too large")
    windows = x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride)
    return windows.flatten(-2).mean(-1)
