"""Returns its first argument."""


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    return size
