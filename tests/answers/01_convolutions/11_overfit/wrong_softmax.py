"""A softmax before the cross-entropy."""

import torch
import torch.nn.functional as F


def overfit(model, x, y, steps, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x).softmax(1), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
