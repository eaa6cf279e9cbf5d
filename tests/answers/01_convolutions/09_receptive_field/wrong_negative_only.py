"""Lets zeros pass."""


def receptive_field(layers):
    field, jump = 1, 1
    for k, s, d in layers:
        if k < 0 or s < 0 or d < 0:
            raise ValueError(f"layers has a bad entry: {(k, s, d)}")
        field = field + (k - 1) * d * jump
        jump = jump * s
    return field, jump
