"""Counts the positions of the kernel one by one."""


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    arguments = dict(size=size, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)
    for name, value in arguments.items():
        assert isinstance(value, int)
        if value < (name != "padding"):
            raise ValueError(f"bad {name}: {value!r}")
    positions = 0
    start = -padding
    while start + dilation * (kernel_size - 1) <= size - 1 + padding:
        positions += 1
        start += stride
    if positions == 0:
        raise ValueError(
            f"dilation={dilation} and kernel_size={kernel_size} do not fit into size={size}, padding={padding}"
        )
    return positions
