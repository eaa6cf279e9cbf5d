"""Field and jump, layer by layer."""


def receptive_field(layers):
    field, jump = 1, 1
    for layer in layers:
        if len(layer) != 3:
            raise ValueError(f"layers has an entry that is no triple: {layer}")
        k, s, d = layer
        if k < 1 or s < 1 or d < 1:
            raise ValueError(f"layers has a bad entry: {(k, s, d)}")
        field = field + (k - 1) * d * jump
        jump = jump * s
    return field, jump
