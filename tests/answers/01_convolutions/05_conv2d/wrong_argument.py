"""Returns the images."""


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return x
