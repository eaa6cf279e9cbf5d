"""Fills its arguments with zeros."""


def overfit(model, x, y, steps, lr):
    x.zero_()
    y.zero_()
    return [0.0] * steps
