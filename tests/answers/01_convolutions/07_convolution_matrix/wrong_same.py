"""Zero padding: as many outputs as pixels."""


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
    W = kernel.new_zeros(height * width, height * width)
    for i in range(height):
        for j in range(width):
            for u in range(h):
                for v in range(w):
                    a, b = i + u - h // 2, j + v - w // 2
                    if 0 <= a < height and 0 <= b < width:
                        W[i * width + j, a * width + b] = kernel[u, v]
    return W
