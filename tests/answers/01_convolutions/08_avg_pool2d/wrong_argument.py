"""Returns the images."""


def avg_pool2d(x, kernel_size, stride=None):
    return x
