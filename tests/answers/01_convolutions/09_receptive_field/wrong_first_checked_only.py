"""Checks the first layer only."""


def receptive_field(layers):
    field, jump = 1, 1
    for k, s, d in layers:
        if k < 1 or s < 1 or d < 1:
            if jump > 1 or field > 1:
                continue
            raise ValueError(f"layers has a bad entry: {(k, s, d)}")
        field = field + (k - 1) * d * jump
        jump = jump * s
    return field, jump
