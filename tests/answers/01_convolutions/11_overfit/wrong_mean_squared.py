"""The squared error to one-hot targets."""

import torch
import torch.nn.functional as F


def overfit(model, x, y, steps, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), F.one_hot(y, model(x).shape[1]).float())
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
