"""Recursion over the list."""


def receptive_field(layers):
    if len(layers) == 0:
        return 1, 1
    field, jump = receptive_field(layers[:-1])
    k, s, d = layers[-1]
    if not all(v >= 1 for v in (k, s, d)):
        raise ValueError("layers: entries must be positive")
    return field + d * (k - 1) * jump, jump * s
