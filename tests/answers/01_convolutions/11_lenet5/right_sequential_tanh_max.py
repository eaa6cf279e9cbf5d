"""One nn.Sequential with tanh and max pooling; lazy layers."""

from torch import nn


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding="same"),
            nn.Tanh(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5),
            nn.Tanh(),
            nn.MaxPool2d(2),
            nn.Flatten(start_dim=1),
        )
        self.head = nn.ModuleList([nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)])

    def forward(self, x):
        x = self.body(x)
        for i, layer in enumerate(self.head):
            x = layer(x)
            if i < 2:
                x = x.tanh()
        return x
