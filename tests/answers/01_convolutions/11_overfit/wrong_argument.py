"""Returns the inputs."""


def overfit(model, x, y, steps, lr):
    return x.flatten().tolist()[:steps]
