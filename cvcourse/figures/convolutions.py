"""The drawings of the lecture of unit 01, Convolutions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib import pyplot as plt

from cvcourse import plotting

Box = tuple[int, int, int, int]  # top, left, bottom, right


def task_answers(photograph: Any, regions: Any, boxes: Sequence[Box], caption: str) -> None:
    """One photograph (H, W) six times: as a class, one box, all boxes, a mask, `regions` (H, W), and a sentence."""
    regions = plotting.to_array(regions)
    instances = (regions * 37 % 97 + 20) * (regions > 0) / 117  # neighbouring objects get colours that differ
    masks = [colormaps["cividis"](mask) for mask in ((regions > 0).astype(float), instances)]
    titles = ["classification: coins", "localisation: one box", "detection: a box an object"]
    titles += ["semantic segmentation: a class a pixel", "instance segmentation: an object a pixel"]
    panels = [photograph, photograph, photograph, *masks, photograph]
    title = "One photograph, six kinds of answer"
    figure = plotting.image_grid(panels, [*titles, f'captioning: "{caption}"'], columns=3, size=2.7, title=title)
    _draw_box(figure.axes[1], boxes[-1])
    for box in boxes:
        _draw_box(figure.axes[2], box)
    plotting.show(figure, alt="A photograph of coins six times: a class, one box, many boxes, two masks, a sentence.")


def _draw_box(ax: plotting.Axes, box: Box, colour: str = plotting.RED, **options: Any) -> None:
    top, left, bottom, right = box
    plotting.draw_outline(ax, top, left, bottom - top, right - left, colour, **options)


def likeness(ranked: Sequence[Any], frame: Any, before: Box, now: tuple[int, int], drawn: Any) -> None:
    """Retrieval (images from the query on), tracking (a frame, a box, its new top left corner) and drawn images."""
    figure, axes = plt.subplots(1, 3, figsize=(9.4, 2.4), width_ratios=[1.5, 1, 1.6])
    views = np.concatenate([plotting.to_image(image) for image in ranked], axis=1)
    plotting.draw_image(axes[0], views, "retrieval: the query, then the three nearest")
    plotting.draw_image(axes[1], frame, "tracking: dashed, then solid")
    top, left, bottom, right = before
    _draw_box(axes[1], before, linestyle="--")
    _draw_box(axes[1], (*now, now[0] + bottom - top, now[1] + right - left), plotting.SKY)
    images = [plotting.to_image(image).clip(0, 1) for image in drawn]
    half = len(images) // 2
    sheet = np.concatenate([np.concatenate(images[:half], 1), np.concatenate(images[half : 2 * half], 1)])
    plotting.draw_image(axes[2], sheet, "generation: eight threes that nobody wrote")
    plotting.show(figure, alt="Coins ranked by likeness, a coin found in a shifted frame, and eight generated digits.")


def unfolded(image: Any, label: int) -> None:
    """A digit (1, 28, 28), and the same pixels in one row."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 2), width_ratios=[1, 3.2])
    plotting.draw_image(left, image, f"the image of a {label}")
    values = plotting.to_array(image).ravel()
    right.fill_between(range(len(values)), values, step="mid", linewidth=0)
    right.set(title="the same, unfolded into a vector", xlabel="index", ylabel="brightness")
    plotting.show(figure, alt=f"A {label} as an image, and as {len(values)} bars in a row that nobody could read.")


def kernel_gradient(kernel: Any, gradient: Any, output: tuple[int, int]) -> None:
    """The gradient (H, W) of one output pixel (row, column) with respect to the image, beside its kernel (kH, kW)."""
    height, width = np.shape(kernel)
    values = np.full([size - extent + 1 for size, extent in zip(gradient.shape, (height, width), strict=True)], np.nan)
    values[output] = 1
    titles = ["kernel H", f"gradient of O{output}", f"output, O{output} marked"]
    figure = plotting.matrices([kernel, gradient, values], titles, between="→→")
    plotting.draw_outline(figure.axes[1], *output, height, width)
    alt = f"The gradient of output {output} is the kernel, laid over rows {output[0]} to {output[0] + height - 1}, "
    plotting.show(figure, alt=alt + f"columns {output[1]} to {output[1] + width - 1}, and 0 elsewhere.")


def windows(settings: Mapping[str, tuple[int, int, int, int]]) -> None:
    """A 3 x 3 kernel on a 5 x 5 image for each `{name: (padding, stride, dilation, size of the output)}`."""
    figure, axes = plt.subplots(1, len(settings), figsize=(1.85 * len(settings), 2.3))
    for ax, (name, (padding, stride, dilation, size)) in zip(axes, settings.items(), strict=True):
        title = f"{name}, padding {padding}\n5 x 5 to {size} x {size}"
        plotting.draw_windows(ax, 5, 3, padding, stride, dilation, title)
    plotting.show(figure, alt=f"Where a 3 x 3 kernel meets a padded 5 x 5 image: {', '.join(settings)}.")


def paddings(padded: Mapping[str, Any], padding: int) -> None:
    """Padded images with the image itself framed."""
    figure = plotting.matrices(list(padded.values()), list(padded), cell=0.25, fontsize=8, labels=False)
    for ax, image in zip(figure.axes, padded.values(), strict=True):
        height, width = (size - 2 * padding for size in image.shape)
        plotting.draw_outline(ax, padding, padding, height, width, plotting.BLUE)
    plotting.show(figure, alt=f"The same image in frames of {padding} pixel, made in these ways: {', '.join(padded)}.")


def dense_and_shared(dense: Any, shared: Any) -> None:
    """The matrix of a fully connected layer above that of a convolution."""
    titles = ["fully connected: 576 free weights", "convolution: five weights of 1 and \N{MINUS SIGN}4, used 16 times"]
    axes = {"xlabel": "input pixel (row-major)", "ylabel": "output pixel", "size": (5.2, 2.7), "stacked": True}
    figure = plotting.heat_maps([dense, shared], titles, cmap="PuOr", vmin=-4, vmax=4, **axes)
    plotting.show(figure, alt="Two matrices: random everywhere, and five diagonal bands that repeat the Laplacian.")


def batch_sizes(sizes: Sequence[int], accuracy: Sequence[float], seconds: Sequence[float]) -> None:
    """Accuracy and training time over the batch size."""
    figure, axes = plt.subplots(1, 2, figsize=(7, 2.5))
    for ax, name, values in zip(axes, ("test accuracy", "training time in seconds"), (accuracy, seconds), strict=True):
        plotting.draw_curves(ax, {"": (sizes, values)}, name, "batch size", name, marker="o")
        ax.set_xscale("log", base=2)
        ax.set_xticks(sizes, sizes)
    listed = "; ".join(f"{size}: {a:.3f}, {s:.1f} s" for size, a, s in zip(sizes, accuracy, seconds, strict=True))
    plotting.show(figure, alt=f"Test accuracy and training time over the batch size. {listed}.")


def paired_differences(differences: Any, mean: float, half_width: float, elsewhere: float) -> None:
    """Differences of single seeds, their mean with its interval, and a difference reported elsewhere."""
    figure, ax = plt.subplots(figsize=(6.4, 2.0))
    ax.scatter(plotting.to_array(differences), [0] * len(differences), color=plotting.BLUE, label="one seed", zorder=3)
    ax.errorbar(mean, 0.4, xerr=half_width, fmt="o", capsize=4, color=plotting.RED, label="their mean, 95 %")
    ax.scatter(elsewhere, 0.8, marker="D", color="black", label="the deck, one run")
    ax.axvline(0, color=plotting.GREY, linewidth=0.8)
    title = "Test accuracy, max pooling minus average pooling"
    ax.set(title=title, xlabel="difference", yticks=[], ylim=(-0.3, 1.1))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    alt = f"{title}: mean {mean:+.4f}, 95 % from {mean - half_width:+.4f} to {mean + half_width:+.4f}; "
    plotting.show(figure, alt=alt + f"the deck has {elsewhere:+.4f}.")


def scrambling(image: Any, scrambled: Any, accuracy: Mapping[str, float]) -> None:
    """A digit before and after its pixels were scrambled, and what that does to accuracies."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 2.5), width_ratios=[1, 1, 3.4])
    plotting.draw_image(left, image, "a test image")
    plotting.draw_image(middle, scrambled, "the same, scrambled")
    names = [name.replace(", ", ",\n") for name in accuracy]
    title = "What scrambling costs (the axis does not begin at 0)"
    plotting.draw_bars(right, names, list(accuracy.values()), title=title, ylabel="test accuracy", form="{:.4f}")
    low, high = min(accuracy.values()), max(accuracy.values())
    right.set_ylim(max(0, low - 0.5 * (high - low) - 0.01), high + 0.3 * (high - low) + 0.01)
    listed = ", ".join(f"{name} {value:.4f}" for name, value in accuracy.items())
    plotting.show(figure, alt=f"A digit, the same scrambled, and test accuracies: {listed}.")
