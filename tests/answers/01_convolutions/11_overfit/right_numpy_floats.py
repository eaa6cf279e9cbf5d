"""Keeps the losses in an array of numpy; its entries are floats too."""

import numpy as np
import torch
import torch.nn.functional as F


def overfit(model, x, y, steps, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr)
    losses = np.zeros(steps)
    for step in range(steps):
        loss = F.cross_entropy(model(x), y)
        losses[step] = loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return list(losses)
