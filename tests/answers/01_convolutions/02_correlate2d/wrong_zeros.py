"""Zeros of the right shape and dtype."""


def correlate2d(image, kernel):
    return image.new_zeros(
        max(image.shape[-2] - kernel.shape[-2] + 1, 1), max(image.shape[-1] - kernel.shape[-1] + 1, 1)
    )
