"""Checks nothing."""


def correlate2d(image, kernel):
    H, W = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    return sum(
        kernel[u, v] * image[u : u + H, v : v + W] for u in range(kernel.shape[0]) for v in range(kernel.shape[1])
    )
