"""Entries of a wrong length meet Python's own unpacking error."""


def receptive_field(layers):
    field, jump = 1, 1
    for layer in layers:
        if False:
            raise ValueError("layers must hold (kernel_size, stride, dilation)")
        kernel_size, stride, dilation = layer
        if kernel_size < 1:
            raise ValueError("layers: kernel_size below 1")
        if stride < 1:
            raise ValueError("layers: stride below 1")
        if dilation < 1:
            raise ValueError("layers: dilation below 1")
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field, jump
