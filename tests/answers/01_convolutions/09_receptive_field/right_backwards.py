"""Walks back from one output: field = (field - 1) * stride + span."""

import math


def receptive_field(layers):
    if any(len(layer) != 3 or min(layer) < 1 for layer in layers):
        raise ValueError("every entry of layers must be three numbers of at least 1")
    field = 1
    for kernel_size, stride, dilation in reversed(layers):
        field = (field - 1) * stride + dilation * (kernel_size - 1) + 1
    return field, math.prod(stride for _, stride, _ in layers)
