"""Flips the kernel in place and back again, but only its rows."""


def convolution_matrix(kernel, height, width):
    if kernel.dim() != 2:
        raise ValueError("kernel must have two dimensions")
    if height < 1:
        raise ValueError("height must be positive")
    if width < 1:
        raise ValueError("width must be positive")
    h, w = kernel.shape
    if h > height or w > width:
        raise ValueError("kernel does not fit")
    rows, columns = height - h + 1, width - w + 1
    W = kernel.new_zeros(rows * columns, height * width)
    for i in range(rows):
        for j in range(columns):
            for u in range(h):
                for v in range(w):
                    W[i * columns + j, (i + u) * width + j + v] = kernel[u, v]
    kernel.copy_(kernel.flip(0))
    return W
