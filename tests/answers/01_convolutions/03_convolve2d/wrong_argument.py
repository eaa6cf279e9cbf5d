"""Returns the image."""


def convolve2d(image, kernel):
    return image
