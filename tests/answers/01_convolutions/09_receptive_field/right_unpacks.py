"""Unpacks each entry; one that is no triple, which there is not, would be Python's own error."""


def receptive_field(layers):
    field, jump = 1, 1
    for kernel_size, stride, dilation in layers:
        if kernel_size < 1 or stride < 1 or dilation < 1:
            raise ValueError("layers: each number must be at least 1")
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field, jump
