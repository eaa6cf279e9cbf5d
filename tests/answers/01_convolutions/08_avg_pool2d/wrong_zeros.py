"""Zeros of the right shape and dtype."""


def avg_pool2d(x, kernel_size, stride=None):
    stride = stride or kernel_size or 1
    return x.new_zeros(
        *x.shape[:-2],
        max((x.shape[-2] - kernel_size) // abs(stride) + 1, 1),
        max((x.shape[-1] - kernel_size) // abs(stride) + 1, 1),
    )
