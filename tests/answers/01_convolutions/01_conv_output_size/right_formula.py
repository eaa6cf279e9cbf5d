"""The formula with a floor division, all checks before it."""


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    if min(size, kernel_size, stride, dilation) < 1:
        raise ValueError("size, kernel_size, stride and dilation must be at least 1")
    if padding < 0:
        raise ValueError("padding must not be negative")
    steps = size + 2 * padding - dilation * (kernel_size - 1) - 1
    if steps < 0:
        raise ValueError("kernel_size: the kernel does not fit")
    return steps // stride + 1
