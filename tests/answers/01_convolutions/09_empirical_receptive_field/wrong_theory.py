"""Computes the field from the layers, without regard to pooling."""

from torch import nn


def empirical_receptive_field(model, input_size):
    field, jump = 1, 1
    for m in model.modules():
        if isinstance(m, nn.Conv2d):
            field += max((k - 1) * d for k, d in zip(m.kernel_size, m.dilation)) * jump
            jump *= m.stride[0]
    return field
