"""True division and math.floor, turned into an int."""

import math


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    def need(condition, message):
        if not condition:
            raise ValueError(message)

    need(size >= 1, "size < 1")
    need(kernel_size >= 1, "kernel_size < 1")
    need(stride >= 1, "stride < 1")
    need(dilation >= 1, "dilation < 1")
    need(padding >= 0, "padding < 0")
    room = size + 2 * padding - (dilation * (kernel_size - 1) + 1)
    need(room >= 0, f"kernel_size {kernel_size} too large for size {size}")
    return int(math.floor(room / stride + 1))
