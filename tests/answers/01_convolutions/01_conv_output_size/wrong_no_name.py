"""The errors name no argument."""


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    span = dilation * (kernel_size - 1) + 1
    if min(size, kernel_size, stride, dilation) < 1 or padding < 0 or span > size + 2 * padding:
        raise ValueError("invalid arguments")
    return (size + 2 * padding - span) // stride + 1
