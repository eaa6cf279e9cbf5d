"""The cross-entropy by hand, gradients by torch.autograd.grad."""

import torch


def overfit(model, x, y, steps, lr):
    parameters = list(model.parameters())
    optimizer = torch.optim.Adam(parameters, lr=lr)
    losses = []
    while len(losses) < steps:
        loss = -torch.log_softmax(model(x), dim=1)[torch.arange(len(y)), y].mean()
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):
            parameter.grad = gradient
        losses.append(loss.item())
        optimizer.step()
    return losses
