"""Zeros."""


def receptive_field(layers):
    return 0, 0
