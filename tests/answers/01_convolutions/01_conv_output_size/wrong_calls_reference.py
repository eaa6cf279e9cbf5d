"""Asks a layer of torch for the size of its output."""

import torch
from torch import nn


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    for name, value in dict(size=size, kernel_size=kernel_size, stride=stride, dilation=dilation).items():
        if value < 1:
            raise ValueError(name)
    if padding < 0:
        raise ValueError("padding")
    if dilation * (kernel_size - 1) + 1 > size + 2 * padding:
        raise ValueError("kernel_size")
    layer = torch.nn.Conv1d(1, 1, kernel_size, stride, padding, dilation, device="meta")
    return layer(torch.empty(1, 1, size, device="meta")).shape[-1]
