"""Returns zeros and trains nothing."""


def overfit(model, x, y, steps, lr):
    return [0.0] * steps
