"""The set of input positions behind two outputs."""


def receptive_field(layers):
    for i, layer in enumerate(layers):
        if min(layer) <= 0 or len(layer) != 3:
            raise ValueError(f"layers[{i}] = {layer}")
    seen = []
    for output in (0, 1):
        low = high = output
        for k, s, d in layers[::-1]:
            low, high = low * s, high * s + d * (k - 1)
        seen.append((low, high))
    return seen[0][1] - seen[0][0] + 1, seen[1][0] - seen[0][0]
