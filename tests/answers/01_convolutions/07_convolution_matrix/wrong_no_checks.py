"""Checks nothing."""


def convolution_matrix(kernel, height, width):
    h, w = kernel.shape
    rows, columns = height - h + 1, width - w + 1
    W = kernel.new_zeros(rows * columns, height * width)
    for i in range(rows):
        for j in range(columns):
            for u in range(h):
                for v in range(w):
                    W[i * columns + j, (i + u) * width + j + v] = kernel[u, v]
    return W
