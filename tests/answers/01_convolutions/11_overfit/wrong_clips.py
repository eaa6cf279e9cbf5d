"""Clips the gradients."""

import torch
import torch.nn.functional as F
from torch import nn


def overfit(model, x, y, steps, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        torch.nn.utils.clip_grad_value_(model.parameters(), 1e-3)
        optimizer.step()
        losses.append(loss.item())
    return losses
