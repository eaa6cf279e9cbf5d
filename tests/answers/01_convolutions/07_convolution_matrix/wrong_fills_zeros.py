"""Fills its argument with zeros and returns zeros."""


def convolution_matrix(kernel, height, width):
    kernel.zero_()
    return kernel.new_zeros(
        max(height - kernel.shape[0] + 1, 1) * max(width - kernel.shape[-1] + 1, 1), max(height * width, 1)
    )
