"""Draw the pictures of gallery/rendered.md: contact sheets of the rendered data sets at three difficulties.

python tools/gallery.py [FOLDER]
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvcourse import data, plotting

COLUMNS = 8
DIFFICULTIES = (0.0, 1.0, 2.0)


def sheet(rows: dict[str, list], **options) -> Figure:
    """Named rows of images."""
    figure, axes = plt.subplots(len(rows), COLUMNS, figsize=(1.15 * COLUMNS + 0.5, 1.2 * len(rows)), squeeze=False)
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(line, images, strict=True):
            plotting.draw_image(ax, image, **options)
        line[0].set_ylabel(name, fontsize=8)
    return figure


def draw_boxes(axes, targets: list[dict], names: str) -> None:
    """Boxes with their label or track; colours go with the number."""
    for ax, target in zip(axes, targets, strict=True):
        for (left, top, right, bottom), number in zip(target["boxes"].tolist(), target[names].tolist(), strict=True):
            colour = plotting.COLOURS[number % len(plotting.COLOURS)]
            box = {"fill": False, "edgecolor": colour, "linewidth": 1.2}
            ax.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, **box))
            text = str(number) if names == "tracks" else data.Scenes.classes[number]
            label = {"boxstyle": "square,pad=0.1", "facecolor": colour, "edgecolor": "none"}
            ax.text(left, top - 3, text, fontsize=5, color="white", bbox=label)


def scenes() -> Figure:
    """Scenes at three difficulties, with boxes, and with their maps of objects."""
    rows = {f"difficulty {d:g}": list(data.Scenes(difficulty=d).batch(range(COLUMNS)).images) for d in DIFFICULTIES}
    items = data.Scenes(targets=("boxes", "labels", "ids")).__getitems__(list(range(COLUMNS)))
    rows["boxes, labels"] = [image for image, _ in items]
    rows["objects"] = [coloured(target["ids"]) for _, target in items]
    figure = sheet(rows)
    draw_boxes(figure.axes[3 * COLUMNS : 4 * COLUMNS], [target for _, target in items], "labels")
    return figure


def coloured(ids: torch.Tensor) -> np.ndarray:
    """A map of objects in colours, (H, W, 3) in [0, 1], background black."""
    palette = matplotlib.colors.to_rgba_array(plotting.COLOURS)[:, :3]
    numbers = np.asarray(ids).astype(int)
    return palette[(numbers - 1) % len(palette)] * (numbers > 0)[..., None]


def clips() -> Figure:
    """Every third frame of clips, with boxes and track numbers."""
    clips = data.SceneClips(frames=3 * COLUMNS, size=128)
    rows, targets = {}, []
    for index in range(3):
        video, frames = clips[index]
        rows[f"clip {index}"] = list(video[::3])
        targets += frames[::3]
    figure = sheet(rows)
    draw_boxes(figure.axes, targets, "tracks")
    return figure


def micrographs() -> Figure:
    """The kinds without noise, the mixture at three difficulties, correlated noises, and the nuclei."""
    kinds = ("filaments", "nuclei", "membranes", "mixture")
    every = range(COLUMNS)
    rows = {f"{kind}, clean": list(data.Micrographs(kind=kind).batch(every).clean) for kind in kinds}
    for difficulty in (0.5, 1.0, 2.0):
        rows[f"difficulty {difficulty:g}"] = list(data.Micrographs(difficulty=difficulty).batch(every).images)
    for noise in ("rows", "blurred"):
        rows[f"noise: {noise}"] = list(data.Micrographs(noise=noise).batch(every).images)
    rows["nuclei's map"] = [coloured(ids) for ids in data.Micrographs(kind="nuclei").batch(every).ids]
    return sheet(rows, vmin=0, vmax=1)


def faces() -> Figure:
    """Two people a row at three difficulties, and sixteen people without nuisance."""
    rows = {}
    for difficulty in DIFFICULTIES:
        images = data.Faces(2, 4, size=96, difficulty=difficulty, first_person=1).batch(range(8)).images
        rows[f"difficulty {difficulty:g}"] = list(images)
    people = data.Faces(16, 1, size=96, difficulty=0, first_person=4).batch(range(16)).images
    rows["sixteen people"], rows["at difficulty 0"] = list(people[:8]), list(people[8:])
    return sheet(rows)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "gallery")
    folder.mkdir(exist_ok=True)
    with plotting.style():
        for draw in (scenes, clips, micrographs, faces):
            figure = draw()
            figure.savefig(folder / f"{draw.__name__}.jpg", dpi=110, pil_kwargs={"quality": 88})
            plt.close(figure)
            print(folder / f"{draw.__name__}.jpg")


if __name__ == "__main__":
    main()
