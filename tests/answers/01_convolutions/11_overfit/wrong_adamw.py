"""AdamW with its weight decay."""

import torch
import torch.nn.functional as F


def overfit(model, x, y, steps, lr):
    optimizer = torch.optim.AdamW(model.parameters(), lr, weight_decay=0.5)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
