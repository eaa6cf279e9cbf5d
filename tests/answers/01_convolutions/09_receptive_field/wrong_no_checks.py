"""Checks nothing."""


def receptive_field(layers):
    field, jump = 1, 1
    for k, s, d in layers:
        field = field + (k - 1) * d * jump
        jump = jump * s
    return field, jump
