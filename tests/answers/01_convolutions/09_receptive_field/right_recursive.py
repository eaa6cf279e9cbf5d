"""Recursion over the list."""


def receptive_field(layers):
    if len(layers) == 0:
        return 1, 1
    field, jump = receptive_field(layers[:-1])
    try:
        k, s, d = layers[-1]
    except ValueError as error:
        raise ValueError("layers: an entry is no triple") from error
    if not all(v >= 1 for v in (k, s, d)):
        raise ValueError("layers: entries must be positive")
    return field + d * (k - 1) * jump, jump * s
