"""Trains the last two parameters only."""

import torch
import torch.nn.functional as F


def overfit(model, x, y, steps, lr):
    optimizer = torch.optim.Adam(list(model.parameters())[-2:], lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
