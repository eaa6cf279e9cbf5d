"""Its errors name no argument."""


def convolution_matrix(kernel, height, width):
    if kernel.dim() != 2:
        raise ValueError("two dimensions")
    if height < 1:
        raise ValueError("too small")
    if width < 1:
        raise ValueError("too small")
    h, w = kernel.shape
    if h > height or w > width:
        raise ValueError("does not fit")
    rows, columns = height - h + 1, width - w + 1
    W = kernel.new_zeros(rows * columns, height * width)
    for i in range(rows):
        for j in range(columns):
            for u in range(h):
                for v in range(w):
                    W[i * columns + j, (i + u) * width + j + v] = kernel[u, v]
    return W
