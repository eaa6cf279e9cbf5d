"""Returns 0.0."""


def shift_equivariance_error(f, x, shift):
    return 0.0
