"""Empties its argument and returns ones."""


def receptive_field(layers):
    layers.clear()
    return 1, 1
