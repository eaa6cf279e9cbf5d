"""A deep copy of the model and backward."""

import copy

import torch
from torch import nn


def empirical_receptive_field(model, input_size):
    twin = copy.deepcopy(model)
    channels = None
    for layer in twin.modules():
        if type(layer) is nn.Conv2d:
            channels = layer.in_channels
            break
    x = torch.rand(16, channels, input_size, input_size).requires_grad_(True)
    out = twin(x)
    upstream = torch.zeros_like(out)
    upstream[:, :, out.shape[-2] // 2, out.shape[-1] // 2] = 1
    out.backward(upstream)
    influence = x.grad.abs().sum((0, 1))
    sides = []
    for axis in (0, 1):
        places = influence.sum(axis).nonzero().flatten()
        sides.append(places[-1].item() - places[0].item() + 1)
    return max(sides)
