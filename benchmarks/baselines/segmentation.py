"""A small U-Net that tells objects from background in 64 x 64 scenes, and its foreground IoU."""

import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cvcourse.data.scenes import Scenes


class UNet(nn.Module):
    """Maps images (N, 3, S, S) in [0, 1] to one logit a pixel (N, 1, S, S); S is a multiple of 4. 29,000 parameters.

    Ronneberger, Fischer and Brox, "U-Net" (2015), with two steps down, padding and batch normalisation.
    """

    def __init__(self, width: int = 8) -> None:
        super().__init__()

        def double(inputs: int, outputs: int) -> nn.Sequential:
            layers: list[nn.Module] = []
            for channels in (inputs, outputs):
                layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            return nn.Sequential(*layers)

        self.first, self.second, self.bottom = double(3, width), double(width, 2 * width), double(2 * width, 4 * width)
        self.up_second, self.up_first = double(6 * width, 2 * width), double(3 * width, width)
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        first = self.first(images * 2 - 1)
        second = self.second(F.max_pool2d(first, 2))
        bottom = self.bottom(F.max_pool2d(second, 2))
        second = self.up_second(torch.cat([F.interpolate(bottom, scale_factor=2), second], 1))
        return self.head(self.up_first(torch.cat([F.interpolate(second, scale_factor=2), first], 1)))


def run(seed: int, steps: int = 300, size: int = 64, difficulty: float = 1.0, batch: int = 16) -> dict[str, float]:
    """Train with binary cross-entropy and measure on 300 scenes of another seed."""
    train = Scenes(2000, seed=1000 + seed, size=size, difficulty=difficulty).batch(range(2000))
    test = Scenes(300, seed=5000 + seed, size=size, difficulty=difficulty).batch(range(300))
    torch.manual_seed(seed)
    model = UNet().train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
    start = time.process_time()
    for _ in range(steps):
        rows = torch.randint(len(train), (batch,))
        logits = model(train.images[rows].float() / 255)
        value = F.binary_cross_entropy_with_logits(logits[:, 0], (train.ids[rows] > 0).float())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
    spent = time.process_time() - start
    model.eval()
    with torch.inference_mode():
        found = torch.cat([model(images.float() / 255)[:, 0] > 0 for images in test.images.split(100)])
    wanted = test.ids > 0
    return {
        "foreground IoU": ((found & wanted).sum() / (found | wanted).sum()).item(),
        "pixel accuracy": (found == wanted).float().mean().item(),
        "all background": (~wanted).float().mean().item(),
        "CPU seconds": spent,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
