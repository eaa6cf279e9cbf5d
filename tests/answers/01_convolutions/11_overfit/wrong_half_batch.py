"""Uses every second sample."""

import torch
import torch.nn.functional as F


def overfit(model, x, y, steps, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x[::2]), y[::2])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
