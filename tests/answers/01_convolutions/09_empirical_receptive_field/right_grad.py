"""torch.autograd.grad, last minus first plus one."""

import torch
from torch import nn


def empirical_receptive_field(model, input_size):
    first = [module for module in model.modules() if isinstance(module, nn.Conv2d)][0]
    x = torch.rand(16, first.in_channels, input_size, input_size, requires_grad=True)
    y = model(x)
    target = y[:, :, y.shape[2] // 2, y.shape[3] // 2].sum()
    g = torch.autograd.grad(target, x)[0]
    seen = (g != 0).any(dim=0).any(dim=0)
    rows, columns = torch.where(seen)
    height = rows.max() - rows.min() + 1
    width = columns.max() - columns.min() + 1
    return max(int(height), int(width))
