"""Shifted images added up, one for each place in a window."""


def avg_pool2d(x, kernel_size, stride=None):
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
    rows, columns = (H - kernel_size) // stride, (W - kernel_size) // stride
    out = 0
    for u in range(kernel_size):
        for v in range(kernel_size):
            out = out + x[:, :, u : u + rows * stride + 1 : stride, v : v + columns * stride + 1 : stride]
    return out / (kernel_size * kernel_size)
