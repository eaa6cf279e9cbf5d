"""An explorer of the receptive field: which input pixels one output pixel of a stack of layers can see."""

from collections.abc import Sequence

import ipywidgets
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from cvcourse import plotting
from cvcourse.widgets.explorer import Explorer, choice, slider

Layer = tuple[int, int, int]  # kernel size, stride, dilation

NETWORKS: dict[str, list[Layer]] = {
    "three 3 x 3": [(3, 1, 1)] * 3,
    "one 7 x 7": [(7, 1, 1)],
    "dilations 1, 2, 4": [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
    "LeNet-5's convolutions": [(5, 1, 1), (2, 2, 1), (5, 1, 1), (2, 2, 1)],
    "VGG-16 up to conv3_3": [(3, 1, 1), (3, 1, 1), (2, 2, 1), (3, 1, 1), (3, 1, 1), (2, 2, 1), *[(3, 1, 1)] * 3],
}
OWN = "(your own)"
INPUT_SIZES = (32, 64, 128, 256)
MOST_LAYERS = 12


def sizes(layers: Sequence[Layer], input_size: int) -> list[int]:
    """The width of the input and after each layer, without padding.

    Raises:
        ValueError: a layer is wider than what it gets.
    """
    signal = torch.zeros(1, 1, input_size)
    widths = [input_size]
    for number, (kernel_size, stride, dilation) in enumerate(layers, start=1):
        if dilation * (kernel_size - 1) + 1 > signal.shape[2]:
            raise ValueError(f"layer {number} does not fit: it gets {signal.shape[2]} pixels only")
        signal = F.conv1d(signal, torch.ones(1, 1, kernel_size), stride=stride, dilation=dilation)
        widths.append(signal.shape[2])
    return widths


def paths(layers: Sequence[Layer], input_size: int, position: int) -> list[Tensor]:
    """How many ways lead from one output pixel down to each pixel of each level, input first (one axis).

    This is what a network of ones would pass back: walked from the output, layer by layer, to the input.
    """
    widths = sizes(layers, input_size)
    level = torch.zeros(1, 1, widths[-1], dtype=torch.float64)
    level[..., position] = 1
    levels = [level[0, 0]]
    for (kernel_size, stride, dilation), width in zip(reversed(layers), reversed(widths[:-1]), strict=True):
        ones = torch.ones(1, 1, kernel_size, dtype=torch.float64)
        level = F.conv_transpose1d(level, ones, stride=stride, dilation=dilation)
        level = F.pad(level, (0, width - level.shape[2]))  # pixels that the layer's stride never reaches
        levels.append(level[0, 0])
    return levels[::-1]


def extent(level: Tensor) -> tuple[int, int]:
    """First pixel reached, and how many from there to the last one reached."""
    reached = level.nonzero().flatten()
    return int(reached[0]), int(reached[-1] - reached[0] + 1)


class ReceptiveFieldExplorer(Explorer):
    """Add, remove and edit layers, and see what one output pixel sees of the input.

    Args:
        layers: (kernel size, stride, dilation) of each layer, convolutions and pooling alike; padding moves a field
            without changing its size, and is left out.

    Attributes:
        layers: the stack as it is now.
    """

    def __init__(self, layers: Sequence[Layer] = NETWORKS["three 3 x 3"]) -> None:
        self.layers = [tuple(layer) for layer in layers]
        known = [name for name, stack in NETWORKS.items() if stack == self.layers]
        controls = {
            "row": slider("output row", 0, 0, 1),
            "column": slider("output column", 0, 0, 1),
            "network": choice("network", (*NETWORKS, OWN), known[0] if known else OWN),
            "layer": ipywidgets.Dropdown(
                description="edit layer", options=[("", 0)], style={"description_width": "110px"}
            ),
            "add": ipywidgets.Button(description="Add a layer"),
            "remove": ipywidgets.Button(description="Remove this layer"),
            "kernel_size": slider("kernel size", 3, 1, 11),
            "stride": slider("stride", 1, 1, 4),
            "dilation": slider("dilation", 1, 1, 4),
        }
        controls["add"].on_click(lambda _: self.add())
        controls["remove"].on_click(lambda _: self.remove())
        self._network, self._layer = controls["network"].value, 0
        self._edited = self.layers[0] if self.layers else (3, 1, 1)
        rows = (("row", "column"), ("network", "layer"), ("add", "remove"), ("kernel_size", "stride", "dilation"))
        self._show(controls)
        controls["row"].value, controls["column"].value = (self._widths()[-1] // 2,) * 2
        super().__init__(controls, rows)

    def add(self, layer: Layer = (3, 1, 1)) -> None:
        """Put a layer after the last one, and choose it for editing."""
        if len(self.layers) < MOST_LAYERS:
            self._change([*self.layers, layer], len(self.layers))

    def remove(self) -> None:
        """Take away the layer that is being edited."""
        rest = [layer for index, layer in enumerate(self.layers) if index != self._layer]
        self._change(rest, max(0, min(self._layer, len(rest) - 1)))

    def _change(self, layers: list[Layer], chosen: int) -> None:
        before = self.layers
        self.layers = layers
        try:
            self._widths()
        except ValueError as error:
            self.layers = before
            self.message.value = str(error)
            return
        self._layer, self._network = chosen, OWN
        self._redrawing = True  # the list and the sliders follow; only the last of these changes is drawn
        self.controls["network"].value = OWN
        self._show(self.controls)
        self._redrawing = False
        self.redraw()

    def prepare(self) -> None:
        network, layer = self.controls["network"].value, self.controls["layer"].value
        values = tuple(self.controls[name].value for name in ("kernel_size", "stride", "dilation"))
        if network not in (self._network, OWN):
            self.layers, self._layer = list(NETWORKS[network]), 0
        elif layer is not None and layer != self._layer:
            self._layer = layer
        elif self.layers and values != self._edited:
            self._edit(values)
            network = self.controls["network"].value = OWN
        self._network = network
        self._show(self.controls)

    def _edit(self, values: Layer) -> None:
        before = self.layers
        self.layers = [values if index == self._layer else layer for index, layer in enumerate(before)]
        try:
            self._widths()
        except ValueError:
            self.layers = before
            self._show(self.controls)
            raise

    def _show(self, controls: dict[str, ipywidgets.Widget]) -> None:
        """Write the stack, the chosen layer and the range of output pixels into the controls."""
        names = [f"{i + 1}: kernel {k}, stride {s}, dilation {d}" for i, (k, s, d) in enumerate(self.layers)]
        controls["layer"].options = [(name, index) for index, name in enumerate(names)] or [("no layer", 0)]
        controls["layer"].value = self._layer
        controls["remove"].disabled = not self.layers
        controls["add"].disabled = len(self.layers) >= MOST_LAYERS
        if self.layers:
            self._edited = self.layers[self._layer]
        for name, value in zip(("kernel_size", "stride", "dilation"), self._edited, strict=True):
            controls[name].value = value
            controls[name].disabled = not self.layers
        for name in ("row", "column"):
            controls[name].max = self._widths()[-1] - 1

    def _widths(self) -> list[int]:
        """The widths of all levels, for the smallest input on which the output has some pixels to choose from."""
        for size in INPUT_SIZES:
            try:
                widths = sizes(self.layers, size)
            except ValueError:
                if size == INPUT_SIZES[-1]:
                    raise
                continue
            if widths[-1] >= 4 or size == INPUT_SIZES[-1]:
                return widths
        raise AssertionError("unreachable")

    def draw(self) -> Figure:
        widths = self._widths()
        row, column = (min(self.controls[name].value, widths[-1] - 1) for name in ("row", "column"))
        down, across = (paths(self.layers, widths[0], position) for position in (row, column))
        (top, field), (left, _) = extent(down[0]), extent(across[0])
        jump = int(np.prod([stride for _, stride, _ in self.layers], dtype=int))
        self.text = (
            f"Output pixel ({row}, {column}) sees the {field} × {field} input pixels from row {top}, column {left} on; "
            f"its neighbour's field lies {jump} pixel{'s' if jump != 1 else ''} further."
        )
        figure = plotting.Figure(figsize=(9.0, 3.6), layout="none")
        figure.suptitle(f"Receptive field {field} × {field}, jump {jump}, input {widths[0]} × {widths[0]}")
        first, second = figure.add_axes((0.06, 0.13, 0.3, 0.72)), figure.add_axes((0.55, 0.13, 0.43, 0.72))
        self._draw_input(first, down[0], across[0], (top, left, field, field))
        self._draw_levels(second, across, widths)
        return figure

    def _draw_input(self, ax: plotting.Axes, down: Tensor, across: Tensor, field: tuple[int, int, int, int]) -> None:
        weight = torch.outer(down, across)
        ax.imshow((weight / weight.max()).numpy(), cmap="Blues", vmin=0, vmax=1.15)
        plotting.draw_outline(ax, *field)
        ax.set(title="ways from the output to each input pixel", xlabel="input column", ylabel="input row")

    def _draw_levels(self, ax: plotting.Axes, levels: list[Tensor], widths: list[int]) -> None:
        """One line of dots a level, each dot above the middle of what it sees; what the output uses is coloured."""
        offset, jump = 0.0, 1
        labels = ["input"]
        for number, (level, width) in enumerate(zip(levels, widths, strict=True)):
            if number:
                kernel_size, stride, dilation = self.layers[number - 1]
                offset, jump = offset + jump * dilation * (kernel_size - 1) / 2, jump * stride
                seen = extent(paths(self.layers[:number], widths[0], width // 2)[0])[1]
                labels.append(f"layer {number} ({kernel_size}, {stride}, {dilation}): sees {seen}")
            centres = offset + jump * np.arange(width)
            used = level.numpy() > 0
            size = float(np.clip(900 / widths[0], 3, 22))
            ax.scatter(centres[~used], np.full((~used).sum(), number), size, color="#cccccc", marker="s")
            ax.scatter(centres[used], np.full(used.sum(), number), size, color=plotting.RED, marker="s")
        ax.set_yticks(range(len(labels)), labels)
        ax.set_ylim(-0.6, len(labels) - 0.4)
        ax.set(title="one row of pixels, layer by layer (kernel, stride, dilation)", xlabel="input column")
