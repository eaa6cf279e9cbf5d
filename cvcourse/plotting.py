"""The notebooks' one plot style, and pictures with alt text: image grids, tables of numbers, curves, bars."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps, rc_context, rcParams
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

if TYPE_CHECKING:
    from cvcourse.training import History

# Okabe and Ito, "Color Universal Design" (2008): eight colours that colour-blind readers can tell apart.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#666666"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, "#000000")
LARGE = 60_000  # bytes of a PNG above which its colours are reduced
LINES = ("-", "--", "-.", ":")

STYLE = {
    "figure.dpi": 96,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.titlesize": 11,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": plt.cycler(color=COLOURS),
    "axes.axisbelow": True,
    "font.size": 9,
    "grid.color": "#dddddd",
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}


def use_style() -> None:
    """Set the course's plot style for every figure that follows."""
    rcParams.update(STYLE)


def style():
    """The course's style as a context manager, for code that must leave the reader's settings alone."""
    return rc_context(STYLE)


def png(figure: Figure, dpi: int = 96) -> bytes:
    """The figure as PNG bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def picture(figure: Figure, alt: str) -> tuple[dict[str, str], dict[str, Any]]:
    """The figure as a notebook's output: a mime bundle, and metadata that hold its alt text."""
    image = _smaller(png(figure))
    data = {"image/png": base64.b64encode(image).decode("ascii"), "text/plain": f"<figure: {alt}>"}
    return data, {"image/png": {"alt": alt}}


def _smaller(image: bytes) -> bytes:
    """A large PNG with a palette of 256 colours: photographs then take a third to a half of the space."""
    if len(image) < LARGE:
        return image
    buffer = io.BytesIO()
    colours = Image.open(io.BytesIO(image)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    colours.save(buffer, format="png", optimize=True)
    return min(image, buffer.getvalue(), key=len)


def show(figure: Figure, alt: str) -> None:
    """Show a figure below the cell, with a text for readers who cannot see it, and close it.

    Args:
        figure: any matplotlib figure.
        alt: what the picture shows, in one sentence; it becomes the output's `alt` metadata.

    Raises:
        ValueError: `alt` is empty.
    """
    if not alt.strip():
        raise ValueError("alt is empty: say in one sentence what the figure shows")
    data, metadata = picture(figure, alt)
    plt.close(figure)
    if in_ipython():
        from IPython.display import display

        display(data, raw=True, metadata=metadata)


def in_ipython() -> bool:
    """Whether this code runs inside IPython or a notebook, where `display` reaches somebody."""
    import sys

    if "IPython" not in sys.modules:
        return False
    return sys.modules["IPython"].get_ipython() is not None


def in_notebook() -> bool:
    """Whether this code runs in a kernel, where a displayed picture can be replaced by a later one."""
    import sys

    return in_ipython() and getattr(sys.modules["IPython"].get_ipython(), "kernel", None) is not None


def to_array(values: Any) -> np.ndarray:
    """A tensor on any device, with or without a gradient, or anything that numpy takes, as an array."""
    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)


def to_image(image: Any) -> np.ndarray:
    """An image as matplotlib wants it, (H, W) or (H, W, 3), from a tensor or array (H, W), (1, H, W) or (3, H, W).

    Raises:
        ValueError: the shape is none of these.
    """
    array = to_array(image)
    if array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[-1] not in (3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in (3, 4)):
        return array
    raise ValueError(f"an image has shape (H, W), (1, H, W) or (3, H, W), not {array.shape}: pick one image of a batch")


def draw_image(ax: Axes, image: Any, title: str = "", **options: Any) -> None:
    """Draw one image without ticks; `options` go to `imshow` (grey values keep their own range unless told)."""
    ax.imshow(to_image(image), **{"cmap": "gray", **options})
    ax.set(xticks=[], yticks=[], title=title)
    for spine in ax.spines.values():
        spine.set_visible(False)


def image_grid(
    images: Sequence[Any],
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    title: str = "",
    size: float = 1.3,
    **options: Any,
) -> Figure:
    """Images in rows and columns.

    Args:
        images: a batch (N, C, H, W) or a sequence of images.
        titles: one short title an image.
        columns: images a row; default at most 8.
        title: the title of the whole figure.
        size: width of one image in inches.
        options: for `imshow`, such as `vmin`, `vmax`, `cmap`.
    """
    images = [to_image(image) for image in images]
    columns = columns or min(len(images), 8)
    rows = -(-len(images) // columns)
    tall = size * images[0].shape[0] / images[0].shape[1]
    above, head = (0.24 if titles is not None else 0.06), 0.34 * bool(title)
    width, height = columns * (size + 0.08), rows * (tall + above) + head + 0.04
    figure = Figure(figsize=(width, height), layout="none")
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        left, bottom = column * (size + 0.08) + 0.04, height - head - (row + 1) * (tall + above) + 0.02
        ax = figure.add_axes((left / width, bottom / height, size / width, tall / height))
        draw_image(ax, image, titles[index] if titles is not None else "", **options)
    if title:
        figure.suptitle(title, y=1 - 0.08 / height, va="top")
    return figure


def _as_text(value: float, form: str) -> str:
    if np.isnan(value):
        return ""
    text = form.format(value)
    return text.replace("-", "" if not text.strip("-0.") else "\N{MINUS SIGN}")  # a rounded 0 has no sign


def draw_matrix(
    ax: Axes,
    values: Any,
    title: str = "",
    *,
    form: str = "{:g}",
    cmap: str = "Blues",
    vmin: float | None = None,
    vmax: float | None = None,
    outline: tuple[int, int, int, int] | None = None,
    labels: bool = True,
    fontsize: float = 9,
) -> None:
    """Draw a small matrix as coloured cells with their numbers.

    Args:
        ax: where to draw.
        values: (rows, columns); a NaN is an empty cell.
        title: above the matrix.
        form: how a number is written, a format string.
        cmap: a matplotlib colour map; the text turns white on dark cells.
        vmin, vmax: range of the colours; default a little wider than that of the values, so that no cell is very dark.
        outline: (row, column, height, width) of a block of cells to frame.
        labels: whether to number rows and columns.
        fontsize: of the numbers, in points.
    """
    array = to_array(values).astype(float)
    finite = array[~np.isnan(array)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    span = max(high - low, 1e-9)
    vmin = low - 0.1 * span if vmin is None else vmin
    vmax = high + 0.6 * span if vmax is None else vmax
    ax.set_facecolor("#eeeeee")  # what an empty cell shows
    ax.imshow(array, cmap=cmap, vmin=vmin, vmax=vmax)
    colours = colormaps[cmap]((array - vmin) / max(vmax - vmin, 1e-9))[..., :3] @ (0.299, 0.587, 0.114)
    for (row, column), value in np.ndenumerate(array):
        colour = "black" if np.isnan(value) or colours[row, column] > 0.5 else "white"
        ax.text(column, row, _as_text(value, form), ha="center", va="center", color=colour, fontsize=fontsize)
    _draw_cells(ax, *array.shape, labels)
    ax.set_title(title)
    if outline is not None:
        draw_outline(ax, *outline)


def _draw_cells(ax: Axes, rows: int, columns: int, labels: bool) -> None:
    ax.set_xticks(np.arange(columns) if labels else [])
    ax.set_yticks(np.arange(rows) if labels else [])
    ax.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="both", length=0, labelsize=7, colors=GREY)
    for spine in ax.spines.values():
        spine.set_visible(False)
    if labels:
        ax.set_xlabel("column", fontsize=7, color=GREY)
        ax.set_ylabel("row", fontsize=7, color=GREY)


def draw_outline(
    ax: Axes, row: float, column: float, height: float, width: float, colour: str = RED, **options: Any
) -> None:
    """Frame a block of cells or pixels, given by its first row and column and its size."""
    frame = {"fill": False, "edgecolor": colour, "linewidth": 2.2, **options}
    ax.add_patch(Rectangle((column - 0.5, row - 0.5), width, height, **frame))


def matrices(
    values: Sequence[Any],
    titles: Sequence[str],
    *,
    between: Sequence[str] | None = None,
    title: str = "",
    cell: float = 0.34,
    **options: Any,
) -> Figure:
    """Several small matrices in a row at one scale, with a sign such as * or = between neighbours.

    Args:
        values: matrices (rows, columns).
        titles: one a matrix.
        between: signs between neighbours, one fewer than there are matrices.
        title: the title of the whole figure.
        cell: side of a cell in inches.
        options: for `draw_matrix`.
    """
    gap = 0.85 if between and options.get("labels", True) else 0.55
    room = {"gap": gap, "below": 0.4 if options.get("labels", True) else 0.1}
    figure, axes = matrix_axes([np.shape(matrix) for matrix in values], between=between, title=title, cell=cell, **room)
    for ax, matrix, name in zip(axes, values, titles, strict=True):
        draw_matrix(ax, matrix, name, **options)
    return figure


def matrix_axes(
    shapes: Sequence[tuple[int, int]],
    *,
    between: Sequence[str] | None = None,
    title: str = "",
    cell: float = 0.34,
    gap: float = 0.55,
    below: float = 0.1,
) -> tuple[Figure, list[Axes]]:
    """A figure with room for matrices of these shapes side by side: cells `cell` wide, `gap` between, `below` (inches).

    Places are computed here and not by a layout engine, which would cost a widget most of its time.
    """
    above, tallest = 0.35 + 0.35 * bool(title), cell * max(rows for rows, _ in shapes)
    widths = [max(columns * cell, 0.9) for _, columns in shapes]
    width, height = sum(widths) + gap * (len(shapes) + 0.4), tallest + above + below
    figure = Figure(figsize=(width, height), layout="none")
    axes, left = [], gap * 0.8
    for index, ((rows, columns), room) in enumerate(zip(shapes, widths, strict=True)):
        spare, bottom = (room - columns * cell) / 2, below + (tallest - rows * cell) / 2
        box = ((left + spare) / width, bottom / height, columns * cell / width, rows * cell / height)
        axes.append(figure.add_axes(box))
        if between and index:
            middle = (left - gap * (0.5 if gap < 0.7 else 0.62)) / width  # left of the row numbers, where there are any
            figure.text(middle, (below + tallest / 2) / height, between[index - 1], size=14, ha="center", va="center")
        left += room + gap
    if title:
        figure.suptitle(title, y=1 - 0.08 / height, va="top")
    return figure, axes


def draw_windows(
    ax: Axes, size: int, kernel_size: int, padding: int, stride: int, dilation: int, title: str = ""
) -> None:
    """Draw an image with its padding, and the pixels that a kernel meets at its second position on the diagonal.

    Args:
        ax: where to draw.
        size, kernel_size, padding, stride, dilation: as in a convolution, in pixels.
        title: above the picture.
    """
    margin = kernel_size - 1
    canvas = np.full((size + 2 * margin,) * 2, np.nan)
    canvas[margin - padding : margin + size + padding, margin - padding : margin + size + padding] = 0
    span = dilation * (kernel_size - 1) + 1
    first = margin - padding + (stride if span + stride <= size + 2 * padding else 0)
    canvas[first : first + span : dilation, first : first + span : dilation] = 1
    draw_matrix(ax, canvas, title, form="", cmap="Reds", vmin=-0.2, vmax=1.6, labels=False)
    draw_outline(ax, margin, margin, size, size, BLUE)


def heat_maps(
    maps: Sequence[Any],
    titles: Sequence[str],
    *,
    outlines: Sequence[tuple[int, int, int, int]] | None = None,
    title: str = "",
    xlabel: str = "column",
    ylabel: str = "row",
    stacked: bool = False,
    size: tuple[float, float] = (2.5, 2.5),
    **options: Any,
) -> Figure:
    """Matrices as colours without numbers, side by side or `stacked`.

    Args:
        maps: matrices (rows, columns).
        titles: one a matrix.
        outlines: a frame in each, as in `draw_outline`.
        title: the title of the whole figure.
        xlabel, ylabel: what columns and rows are.
        stacked: one below the other.
        size: width and height of one panel in inches.
        options: for `imshow`, such as `cmap`, `vmin`, `vmax`.
    """
    rows, columns = (len(maps), 1) if stacked else (1, len(maps))
    whole = (size[0] * columns, size[1] * rows + 0.3 * bool(title))
    figure, axes = plt.subplots(rows, columns, figsize=whole, squeeze=False)
    for index, (ax, matrix, name) in enumerate(zip(axes.flat, maps, titles, strict=True)):
        ax.imshow(to_array(matrix), **{"cmap": "viridis", **options})
        ax.set(title=name, xlabel=xlabel, ylabel=ylabel)
        if outlines is not None:
            draw_outline(ax, *outlines[index])
    figure.suptitle(title)
    return figure


def draw_curves(
    ax: Axes,
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    title: str,
    xlabel: str,
    ylabel: str,
    **options: Any,
) -> None:
    """Draw named curves `{name: (x, y)}`, told apart by colour and by line; `options` go to `plot`."""
    for index, (name, (x, y)) in enumerate(curves.items()):
        ax.plot(
            to_array(x),
            to_array(y),
            color=COLOURS[index % len(COLOURS)],
            linestyle=LINES[index % len(LINES)],
            label=name,
            **options,
        )
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    ax.grid(True)
    if len(curves) > 1:
        ax.legend()


def draw_bars(
    ax: Axes,
    labels: Sequence[str],
    values: Sequence[float],
    errors: Sequence[float] | None = None,
    *,
    title: str,
    ylabel: str,
    xlabel: str = "",
    form: str = "{:.3g}",
) -> None:
    """Draw one bar a label with its number above it; `errors` are half lengths of the error bars."""
    positions, values = np.arange(len(labels)), to_array(values)
    errors = None if errors is None else to_array(errors)
    ax.bar(positions, values, width=0.6, color=[COLOURS[i % len(COLOURS)] for i in positions], yerr=errors, capsize=4)
    for position, value, error in zip(positions, values, [0] * len(values) if errors is None else errors, strict=True):
        text = {"textcoords": "offset points", "ha": "center", "fontsize": 8}
        text["bbox"] = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5}
        ax.annotate(_as_text(value, form), (position, max(value, 0) + error), (0, 3), **text)
    ax.set_xticks(positions, labels)
    ax.set(title=title, ylabel=ylabel, xlabel=xlabel)
    ax.margins(y=0.15)


def bar_chart(
    values: Mapping[str, float],
    *,
    errors: Sequence[float] | None = None,
    size: tuple[float, float] = (6, 2.5),
    reference: float | None = None,
    **options: Any,
) -> Figure:
    """One bar for each name, a dotted line at `reference`; `options` (`title`, `ylabel`, ...) go to `draw_bars`."""
    figure, ax = plt.subplots(figsize=size)
    draw_bars(ax, list(values), list(values.values()), errors, **options)
    if reference is not None:
        ax.axhline(reference, color="black", linestyle=":", linewidth=1)
    return figure


def learning_curves(histories: "Mapping[str, History] | History", title: str = "Learning curves") -> Figure:
    """Loss a step (smoothed, the raw one behind it in grey where there is a single run) and accuracy an epoch."""
    runs = histories if isinstance(histories, Mapping) else {"": histories}
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.5))
    if len(runs) == 1:
        losses = next(iter(runs.values())).losses
        left.plot(range(1, len(losses) + 1), losses, color="#cccccc", linewidth=0.8)
    smoothed = {name: _smooth(run.losses) for name, run in runs.items()}
    draw_curves(left, smoothed, "training loss", "step", "cross-entropy")
    left.set_yscale("log")
    accuracy = {}
    for name, run in runs.items():
        epochs = range(1, len(run.train_accuracy) + 1)
        accuracy[f"{name} training".strip()] = (epochs, run.train_accuracy)
        if run.valid_accuracy:
            accuracy[f"{name} validation".strip()] = (epochs, run.valid_accuracy)
    draw_curves(right, accuracy, "accuracy", "epoch", "share right", marker="o", markersize=3)
    right.xaxis.get_major_locator().set_params(integer=True)
    figure.suptitle(title)
    return figure


def _smooth(losses: Sequence[float], window: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Means of `window` neighbouring losses at the steps where the windows end."""
    losses = np.asarray(losses, dtype=float)
    window = max(1, min(window, len(losses) // 4))
    means = np.convolve(losses, np.full(window, 1 / window), mode="valid")
    return np.arange(window, len(losses) + 1), means
