"""True division: a float, also where nothing is left over."""


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    for name, value in dict(size=size, kernel_size=kernel_size, stride=stride, dilation=dilation).items():
        if value < 1:
            raise ValueError(name)
    if padding < 0:
        raise ValueError("padding")
    span = dilation * (kernel_size - 1) + 1
    if span > size + 2 * padding:
        raise ValueError("kernel_size")
    return (size + 2 * padding - span) / stride + 1
