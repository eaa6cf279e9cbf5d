"""Entries with more than three numbers are cut off."""


def receptive_field(layers):
    field, jump = 1, 1
    for layer in layers:
        if len(layer) < 3:
            raise ValueError("layers must hold (kernel_size, stride, dilation)")
        kernel_size, stride, dilation = layer[:3]
        if kernel_size < 1:
            raise ValueError("layers: kernel_size below 1")
        if stride < 1:
            raise ValueError("layers: stride below 1")
        if dilation < 1:
            raise ValueError("layers: dilation below 1")
        field += dilation * (kernel_size - 1) * jump
        jump *= stride
    return field, jump
