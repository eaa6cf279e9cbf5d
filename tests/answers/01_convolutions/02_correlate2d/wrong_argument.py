"""Returns the image."""


def correlate2d(image, kernel):
    return image
