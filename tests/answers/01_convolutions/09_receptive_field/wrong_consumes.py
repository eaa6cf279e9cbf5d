"""Takes the layers out of the list."""


def receptive_field(layers):
    field, jump = 1, 1
    while layers:
        k, s, d = layers.pop(0)
        if k < 1 or s < 1 or d < 1:
            raise ValueError("layers")
        field, jump = field + (k - 1) * d * jump, jump * s
    return field, jump
