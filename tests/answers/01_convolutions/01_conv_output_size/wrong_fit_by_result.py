"""Cuts the decimals off instead of rounding down, and raises where the result is below 1."""


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    for name, value in dict(size=size, kernel_size=kernel_size, stride=stride, dilation=dilation).items():
        if value < 1:
            raise ValueError(name)
    if padding < 0:
        raise ValueError("padding")
    result = int((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1
    if result < 1:
        raise ValueError("kernel_size")
    return result
