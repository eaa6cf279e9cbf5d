"""Returns the image."""


def pad2d(x, padding, mode="zeros"):
    return x
