"""Raises AssertionError instead of ValueError."""


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    span = dilation * (kernel_size - 1) + 1
    assert min(size, kernel_size, stride, dilation) >= 1, "size, kernel_size, stride, dilation"
    assert padding >= 0, "padding"
    assert span <= size + 2 * padding, "kernel_size"
    return (size + 2 * padding - span) // stride + 1
