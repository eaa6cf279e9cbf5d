"""An explorer of the two-dimensional convolution: one window at a time on a small image, or a whole photograph."""

import math
from typing import Any

import ipywidgets
import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from cvcourse import plotting
from cvcourse.widgets.explorer import Explorer, choice, slider

KERNELS = {
    "plus": "0 1 0; 1 1 1; 0 1 0",
    "identity": "0 0 0; 0 1 0; 0 0 0",
    "shift right": "0 0 0; 1 0 0; 0 0 0",
    "box blur": "1/9 1/9 1/9; 1/9 1/9 1/9; 1/9 1/9 1/9",
    "Gaussian blur": "1/16 2/16 1/16; 2/16 4/16 2/16; 1/16 2/16 1/16",
    "sharpen": "0 -1 0; -1 5 -1; 0 -1 0",
    "Sobel, left to right": "-1 0 1; -2 0 2; -1 0 1",
    "Sobel, top to bottom": "-1 -2 -1; 0 0 0; 1 2 1",
    "Laplacian": "0 1 0; 1 -4 1; 0 1 0",
}
TYPED = "(typed below)"
SMALL, PHOTOGRAPH = "small image, step by step", "photograph"
MODES = {"zeros": "constant", "replicate": "replicate", "reflect": "reflect", "circular": "circular"}
EXAMPLE = ((1, 2, 3, 4, 5), (5, 4, 3, 2, 1), (1, 2, 3, 4, 5), (4, 3, 1, 2, 5), (4, 5, 2, 1, 3))
LARGEST_KERNEL = 7


def parse_kernel(text: str) -> Tensor:
    """A kernel typed as rows of numbers or fractions, separated by semicolons: "0 1 0; 1 -4 1; 0 1 0".

    Raises:
        ValueError: the text is not a table of numbers of at most 7 x 7.
    """
    try:
        rows = [[_number(word) for word in row.replace(",", " ").split()] for row in text.split(";") if row.strip()]
    except (ValueError, ZeroDivisionError):
        raise ValueError(
            f"kernel: {text!r} holds something that is no number; write rows such as 0 1 0; 1 -4 1"
        ) from None
    if not rows or len({len(row) for row in rows}) != 1:
        raise ValueError("kernel: every row needs the same number of entries, and rows are separated by semicolons")
    if max(len(rows), len(rows[0])) > LARGEST_KERNEL:
        raise ValueError(f"kernel: at most {LARGEST_KERNEL} rows and columns can be shown")
    return torch.tensor(rows, dtype=torch.float64)


def _number(word: str) -> float:
    top, _, bottom = word.partition("/")
    value = float(top) / float(bottom) if bottom else float(top)
    if not math.isfinite(value):
        raise ValueError(word)
    return value


class ConvolutionExplorer(Explorer):
    """Step a kernel over a small image and see the products, or apply it to a photograph.

    Args:
        image: (H, W), the small image; default the lecture's 5 x 5 example.
        photograph: (H, W) or (3, H, W) in [0, 1]; default scikit-image's camera. Colour is turned to grey.
        kernel: the name of one of the kernels, or rows such as "0 1 0; 1 -4 1; 0 1 0".
    """

    def __init__(self, image: Any = EXAMPLE, photograph: Any = None, kernel: str = "plus") -> None:
        self.small = torch.as_tensor(image, dtype=torch.float64)
        if self.small.ndim != 2 or max(self.small.shape) > 12:
            raise ValueError(f"image has two axes of at most 12, not {tuple(self.small.shape)}")
        self._photograph = None if photograph is None else _grey(torch.as_tensor(photograph, dtype=torch.float64))
        named = kernel in KERNELS
        controls = {
            "position": slider("position", 0, 0, self.small.numel() - 1),
            "play": ipywidgets.Play(value=0, min=0, max=self.small.numel() - 1, interval=700, description="play"),
            "view": choice("show", (SMALL, PHOTOGRAPH)),
            "kernel": choice("kernel", (*KERNELS, TYPED), kernel if named else TYPED),
            "typed": ipywidgets.Text(
                value=KERNELS[kernel] if named else kernel,
                description="kernel's rows",
                continuous_update=False,
                layout={"width": "420px"},
                style={"description_width": "110px"},
            ),
            "padding": slider("padding", 0, 0, 3),
            "mode": choice("padding mode", tuple(MODES)),
            "stride": slider("stride", 1, 1, 4),
            "dilation": slider("dilation", 1, 1, 3),
        }
        ipywidgets.jslink((controls["play"], "value"), (controls["position"], "value"))
        rows = (("position", "play"), ("view", "kernel"), ("typed",), ("padding", "mode"), ("stride", "dilation"))
        self._typed = controls["typed"].value
        super().__init__(controls, rows)

    @property
    def photograph(self) -> Tensor:
        """The photograph (H, W) in [0, 1]; loaded when it is first shown."""
        if self._photograph is None:
            from cvcourse.data import photographs

            self._photograph = photographs(["camera"], size=256, grey=True)["camera"][0].double()
        return self._photograph

    @property
    def kernel(self) -> Tensor:
        """The kernel (kH, kW) that the controls ask for."""
        name = self.controls["kernel"].value
        return parse_kernel(self.controls["typed"].value if name == TYPED else KERNELS[name])

    def settings(self) -> tuple[int, str, int, int]:
        """Padding, padding mode, stride and dilation."""
        return tuple(self.controls[name].value for name in ("padding", "mode", "stride", "dilation"))

    def output(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The padded image and the convolution of it, both as the controls ask for.

        Raises:
            ValueError: the padding or the kernel does not fit the image.
        """
        padding, mode, stride, dilation = self.settings()
        smallest = min(image.shape)
        if (mode == "reflect" and padding >= smallest) or (mode == "circular" and padding > smallest):
            raise ValueError(f"padding {padding} is too wide for mode {mode} on an image of {smallest}")
        padded = F.pad(image[None, None], (padding,) * 4, MODES[mode])
        span = [dilation * (size - 1) + 1 for size in self.kernel.shape]
        if any(extent > size for extent, size in zip(span, padded.shape[2:], strict=True)):
            raise ValueError(f"the kernel spans {span[0]} x {span[1]} and does not fit into the padded image")
        result = F.conv2d(padded, self.kernel[None, None], stride=stride, dilation=dilation)
        return padded[0, 0], result[0, 0]

    def prepare(self) -> None:
        self._match_kernel_and_text()
        small = self.controls["view"].value == SMALL
        for name in ("position", "play"):
            self.controls[name].disabled = not small
        if small:
            last = self.output(self.small)[1].numel() - 1
            for name in ("position", "play"):
                self.controls[name].value = min(self.controls[name].value, last)
                self.controls[name].max = last

    def _match_kernel_and_text(self) -> None:
        """A typed kernel sets the list to "typed"; a kernel chosen from the list writes its rows below."""
        chosen, typed = self.controls["kernel"], self.controls["typed"]
        if typed.value != self._typed:
            chosen.value = TYPED
        elif chosen.value != TYPED:
            typed.value = KERNELS[chosen.value]
        self._typed = typed.value

    def draw(self) -> Figure:
        return self._draw_small() if self.controls["view"].value == SMALL else self._draw_photograph()

    def size_formula(self, image: Tensor, result: Tensor) -> str:
        """The formula of the output's height, the same with these numbers in it, and the output's shape."""
        padding, _, stride, dilation = self.settings()
        height, size = image.shape[0], self.kernel.shape[0]
        inner = f"({height} + 2·{padding} − {dilation}·({size} − 1) − 1) / {stride}"
        shape = f"{result.shape[0]} × {result.shape[1]}"
        return f"height = ⌊(H + 2p − d(k − 1) − 1) / s⌋ + 1 = ⌊{inner}⌋ + 1 = {result.shape[0]}; output {shape}"

    def _draw_small(self) -> Figure:
        padded, result = self.output(self.small)
        padding, _, stride, dilation = self.settings()
        row, column = divmod(self.controls["position"].value, result.shape[1])
        height, width = self.kernel.shape
        rows = slice(row * stride, row * stride + dilation * (height - 1) + 1, dilation)
        columns = slice(column * stride, column * stride + dilation * (width - 1) + 1, dilation)
        region = padded[rows, columns]
        products = region * self.kernel
        so_far = result.clone()
        so_far.view(-1)[row * result.shape[1] + column + 1 :] = torch.nan
        formula = self.size_formula(self.small, result)
        self.text = f"Output ({row}, {column}) is {_sum(products)} = {_short(result[row, column])}. {formula}"
        shapes = [tuple(matrix.shape) for matrix in (padded, self.kernel, products, so_far)]
        figure, axes = plotting.matrix_axes(shapes, between=("*", ":", "→"), title=formula.split(";")[0])
        plain = {"form": "{:.3g}", "fontsize": 8, "labels": False}
        plotting.draw_matrix(axes[0], padded, f"input, padding {padding}", **plain)
        self._mark_taps(axes[0], rows, columns, padding)
        plotting.draw_matrix(axes[1], self.kernel, "kernel", **plain | {"cmap": "Oranges"})
        plotting.draw_matrix(
            axes[2], products, f"products, sum {_short(products.sum())}", **plain | {"cmap": "Purples"}
        )
        limits = {
            "vmin": float(result.min()) - 1,
            "vmax": float(result.max()) + 0.6 * float(result.max() - result.min()) + 1,
        }
        plotting.draw_matrix(axes[3], so_far, "output", **plain | limits, outline=(row, column, 1, 1))
        return figure

    def _mark_taps(self, ax: plotting.Axes, rows: slice, columns: slice, padding: int) -> None:
        """Frame the pixels that the kernel meets, and the image inside its padding."""
        for row in range(rows.start, rows.stop, rows.step):
            for column in range(columns.start, columns.stop, columns.step):
                plotting.draw_outline(ax, row, column, 1, 1, linewidth=1.6)
        if padding:
            plotting.draw_outline(ax, padding, padding, *self.small.shape, plotting.BLUE, linewidth=1.6, linestyle="--")

    def _draw_photograph(self) -> Figure:
        _, result = self.output(self.photograph)
        formula = self.size_formula(self.photograph, result)
        signed = bool((self.kernel < 0).any()) and abs(float(self.kernel.sum())) < 1e-9
        limit = max(float(result.abs().quantile(0.99)), 1e-9)
        limits = {"vmin": -limit, "vmax": limit} if signed else {"vmin": 0, "vmax": 1}
        figure = plotting.Figure(figsize=(8.2, 4.0), layout="constrained")
        figure.suptitle(formula.split(";")[0], fontsize=9)
        left, right = figure.subplots(1, 2)
        plotting.draw_image(left, self.photograph, f"input, {self._size(self.photograph)}", vmin=0, vmax=1)
        scale = "grey is 0" if signed else "black is 0, white is 1"
        plotting.draw_image(right, result, f"output, {self._size(result)} ({scale})", **limits)
        name = self.controls["kernel"].value
        self.text = (
            f"A photograph before and after the kernel {self.controls['typed'].value if name == TYPED else name}."
        )
        self.text += f" {formula}"
        return figure

    @staticmethod
    def _size(image: Tensor) -> str:
        return f"{image.shape[0]} × {image.shape[1]}"


def _grey(image: Tensor) -> Tensor:
    if image.ndim == 2:
        return image
    if image.ndim == 3 and image.shape[0] in (1, 3):
        return image.mean(0)
    raise ValueError(f"photograph has shape (H, W) or (3, H, W), not {tuple(image.shape)}")


def _short(value: Tensor) -> str:
    return f"{float(value) + 0.0:.4g}".replace("-", "−")


def _sum(products: Tensor) -> str:
    """The sum in words, without the terms that are 0: "2 + 5 + 4 + 3 + 2"."""
    terms = [_short(value) for value in products.flatten() if value != 0]
    return " + ".join(terms).replace("+ −", "− ") or "0"
