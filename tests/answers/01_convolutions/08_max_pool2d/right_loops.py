"""A loop over windows that writes into a new tensor."""


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
    rows, columns = (H - kernel_size) // stride + 1, (W - kernel_size) // stride + 1
    out = x.new_zeros(N, C, rows, columns)
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            out[:, :, i, j] = x[:, :, top : top + kernel_size, left : left + kernel_size].amax((2, 3))
    return out
