"""How well faces of unseen people are told apart: equal error rates of pixels, eigenfaces and a small network."""

import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cvcourse.data.faces import Faces

MARGIN = 0.2
_UNSEEN = 10**6  # number of the first person of the test set


class Embedder(nn.Module):
    """Maps images (N, 3, 64, 64) in [0, 1] to unit vectors (N, 64). 126,000 parameters."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, width), (width, 2 * width), (2 * width, 4 * width), (4 * width, 4 * width)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * width * 16, 64))

    def forward(self, images: Tensor) -> Tensor:
        return F.normalize(self.body(images), dim=1)


def equal_error_rate(vectors: Tensor, people: Tensor) -> float:
    """Where as many pairs of one person are told apart as pairs of two are taken for one, over all pairs."""
    first, second = torch.triu_indices(len(vectors), len(vectors), 1)
    same = (people[first] == people[second])[F.pdist(vectors).argsort()].double()
    missed, mistaken = 1 - same.cumsum(0) / same.sum(), (1 - same).cumsum(0) / (1 - same).sum()
    crossing = (missed - mistaken).abs().argmin()
    return ((missed[crossing] + mistaken[crossing]) / 2).item()


def batch_hard(vectors: Tensor, people: Tensor) -> Tensor:
    """Triplet loss with the farthest positive and the nearest negative of each anchor (Hermans et al., 2017)."""
    distances = (2 - 2 * vectors @ vectors.T).clamp(min=1e-6).sqrt()
    same = people[:, None] == people
    farthest = distances.masked_fill(~same, 0).amax(1)
    nearest = distances.masked_fill(same, torch.inf).amin(1)
    return F.relu(farthest - nearest + MARGIN).mean()


@torch.no_grad()
def embed(model: Embedder, images: Tensor) -> Tensor:
    """Vectors of all images, in evaluation mode."""
    model.eval()
    return torch.cat([model(part) for part in images.split(128)])


def eigenfaces(train: Tensor, test: Tensor, components: int = 40) -> Tensor:
    """Whitened coordinates on the training pictures' principal components (Turk and Pentland, 1991)."""
    train, test = train.flatten(1), test.flatten(1)
    mean = train.mean(0)
    _, values, vectors = torch.linalg.svd(train[:: max(1, len(train) // 800)] - mean, full_matrices=False)
    return (test - mean) @ vectors[:components].T / values[:components]


def run(seed: int, steps: int = 300, people: int = 200, photos: int = 10, difficulty: float = 1.0) -> dict[str, float]:
    """Train on some people, 16 of them with 4 photos each a step, and measure on 60 others with 8 photos each."""
    train = Faces(people, photos, seed=seed, difficulty=difficulty)
    images = train.batch(range(len(train))).images.float() / 255
    others = Faces(60, 8, seed=seed, first_person=_UNSEEN, difficulty=difficulty)
    batch = others.batch(range(len(others)))
    unseen, who = batch.images.float() / 255, batch.people
    torch.manual_seed(seed)
    model = Embedder().train()
    with torch.no_grad():  # batch normalisation's running means, so that "untrained" means the weights alone
        for _ in range(10):
            model(images[torch.randperm(len(images))[:64]])
    result = {
        "raw pixels": equal_error_rate(unseen.flatten(1), who),
        "eigenfaces": equal_error_rate(eigenfaces(images, unseen), who),
        "untrained": equal_error_rate(embed(model, unseen), who),
    }
    start = time.process_time()
    _train(model, images, people, photos, steps)
    spent = time.process_time() - start
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return {
        **result,
        "trained": equal_error_rate(embed(model, unseen), who),
        "CPU seconds": spent,
        "parameters": parameters,
    }


def _train(model: Embedder, images: Tensor, people: int, photos: int, steps: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    model.train()
    for _ in range(steps):
        person = torch.randperm(people)[:16]
        photo = torch.stack([torch.randperm(photos)[:4] for _ in person])
        value = batch_hard(model(images[(person[:, None] * photos + photo).flatten()]), person.repeat_interleave(4))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
