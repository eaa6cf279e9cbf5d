"""Checks the fit, not the single arguments."""


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    span = dilation * (kernel_size - 1) + 1
    if span > size + 2 * padding:
        raise ValueError("kernel_size")
    return (size + 2 * padding - span) // stride + 1
