"""Adam with a weight decay of 0.0001."""


def overfit(model, x, y, steps, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr, weight_decay=1e-4)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
