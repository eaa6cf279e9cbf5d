"""Returns the images."""


def max_pool2d(x, kernel_size, stride=None):
    return x
