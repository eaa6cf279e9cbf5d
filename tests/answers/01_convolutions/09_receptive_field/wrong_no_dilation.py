"""Ignores the dilation."""


def receptive_field(layers):
    field, jump = 1, 1
    for k, s, d in layers:
        if k < 1 or s < 1 or d < 1:
            raise ValueError(f"layers has a bad entry: {(k, s, d)}")
        field = field + (k - 1) * jump
        jump = jump * s
    return field, jump
