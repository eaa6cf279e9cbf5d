"""Subclasses of the layers, as one writes them to have defaults of one's own."""

from torch import nn


class MyConv(nn.Conv2d):
    """A convolution of 5 x 5."""

    def __init__(self, channels, filters, padding=0):
        super().__init__(channels, filters, 5, padding=padding)


class Dense(nn.Linear):
    """A linear layer under another name."""


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            *(MyConv(1, 6, padding=2), nn.ReLU(), nn.MaxPool2d(2), MyConv(6, 16), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), Dense(400, 120), nn.ReLU(), Dense(120, 84), nn.ReLU(), Dense(84, 10)),
        )

    def forward(self, x):
        return self.layers(x)
