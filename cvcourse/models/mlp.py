"""The multilayer perceptron on images: unfold, then fully connected layers with ReLU between them."""

from itertools import pairwise

from torch import nn


class MLP(nn.Sequential):
    """Maps images (N, C, H, W) to logits (N, classes).

    Args:
        sizes: the width of every layer, input and output among them; `sizes[0]` is C * H * W.

    >>> MLP(784, 128, 10)  # 784 * 128 + 128 + 128 * 10 + 10 = 101,770 parameters
    """

    def __init__(self, *sizes: int) -> None:
        if len(sizes) < 2 or min(sizes) < 1:
            raise ValueError(f"sizes are two or more widths of at least 1, not {sizes}")
        layers: list[nn.Module] = [nn.Flatten()]
        for index, (inputs, outputs) in enumerate(pairwise(sizes)):
            layers += [nn.ReLU()] if index else []
            layers.append(nn.Linear(inputs, outputs))
        super().__init__(*layers)
