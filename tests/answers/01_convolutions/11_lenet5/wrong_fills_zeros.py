"""Fills the images with zeros."""

import torch
from torch import nn


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(61706))

    def forward(self, x):
        return x.zero_().flatten(1)[:, :10] + self.nothing[:10]
