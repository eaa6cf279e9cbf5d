"""Returns the kernel."""


def convolution_matrix(kernel, height, width):
    return kernel
