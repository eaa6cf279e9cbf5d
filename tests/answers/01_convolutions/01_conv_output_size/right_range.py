"""The length of the range of the kernel's first pixels."""


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    for name in ("size", "kernel_size", "stride", "dilation"):
        if locals()[name] <= 0:
            raise ValueError(f"{name} must be positive")
    if padding < 0:
        raise ValueError("padding must be non-negative")
    result = len(range(0, size + 2 * padding - dilation * (kernel_size - 1), stride))
    if not result:
        raise ValueError("size is too small for this kernel")
    return result
