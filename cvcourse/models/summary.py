"""What a network consists of: the shape after each layer, its parameters, its multiply-adds."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LayerRow:
    """One layer for one image: `shape` is that of the output, without the batch axis."""

    name: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


class LayerTable(list[LayerRow]):
    """Rows of a network, printed as a table with a line of totals."""

    def __str__(self) -> str:
        total = LayerRow("total", (), sum(row.parameters for row in self), sum(row.multiply_adds for row in self))
        lines = [f"{'layer':<34} {'output':>14} {'parameters':>12} {'multiply-adds':>15}"]
        for row in (*self, total):
            shape = " x ".join(map(str, row.shape))
            lines.append(f"{row.name:<34} {shape:>14} {row.parameters:>12,} {row.multiply_adds:>15,}")
        return "\n".join(lines)


def count_parameters(model: nn.Module) -> int:
    """How many numbers the model can learn."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def layer_table(model: nn.Module, image_shape: tuple[int, ...]) -> LayerTable:
    """The model's layers in the order in which they ran on one image of `image_shape` (C, H, W).

    Multiply-adds are counted in convolutions and linear layers only; biases, activations and pooling are left out.
    The model is left as it was.
    """
    rows, was_training = LayerTable(), model.training
    leaves = [module for module in model.modules() if not list(module.children())]
    hooks = [leaf.register_forward_hook(lambda *call: rows.append(_row(*call))) for leaf in leaves]
    try:
        with torch.inference_mode():
            first = next(model.parameters(), torch.empty(0))
            model.eval()(torch.zeros(1, *image_shape, dtype=first.dtype, device=first.device))
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return rows


def _row(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> LayerRow:
    work = 0
    if isinstance(layer, nn.Conv2d):
        work = output[0].numel() * layer.weight[0].numel()
    elif isinstance(layer, nn.Linear):
        work = output[0].numel() * layer.in_features
    return LayerRow(_name(layer), tuple(output.shape[1:]), count_parameters(layer), work)


def _name(layer: nn.Module) -> str:
    if isinstance(layer, nn.Conv2d):
        height, width = layer.kernel_size
        text = f"Conv2d {height} x {width}, {layer.in_channels} to {layer.out_channels}"
        return text + (f", stride {layer.stride[0]}" if layer.stride != (1, 1) else "")
    if isinstance(layer, nn.Linear):
        return f"Linear {layer.in_features} to {layer.out_features}"
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        return f"{type(layer).__name__} {layer.kernel_size}, stride {layer.stride}"
    return type(layer).__name__
