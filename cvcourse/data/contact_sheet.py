"""Contact sheets: items of any data set of the course in rows, with their targets drawn."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.utils.data import Dataset
from torchvision import tv_tensors
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as V
from torchvision.utils import draw_bounding_boxes, draw_segmentation_masks

# Okabe and Ito, "Color Universal Design" (2008): colours that colour-blind readers can tell apart.
COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
GAP, CAPTION, MARGIN = 8, 18, 12  # pixels
ROOM_FOR_NAMES = 200  # pixels of width
NEAREST, BILINEAR = InterpolationMode.NEAREST, InterpolationMode.BILINEAR
IGNORE = 255  # in a semantic map: counts for no class


def contact_sheet(data: Dataset, *, title: str = "", count: int = 12, columns: int = 4, tile: int = 240) -> Image.Image:
    """Items of `data`, evenly spread over it, as one picture.

    Args:
        data: items are an image, `(image, label)`, `(image, target)` or `(video, targets)`, in the formats of
            `cvcourse.data`; of a video, frames are shown.
        title: the line above.
        count: items (frames of a video) at most.
        columns: tiles a row.
        tile: width and height in pixels into which each picture is fitted.

    Raises:
        ValueError: count, columns or tile is not positive, or the data set is empty.
    """
    if min(count, columns, tile) < 1 or not len(data):
        raise ValueError("a contact sheet needs count, columns and tile of 1 or more, and a data set with items")
    tiles = [_tile(picture) for picture in _pictures(data, count, tile)]
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    width = max(sum(each.width + GAP for each in row) for row in rows) - GAP + 2 * MARGIN
    heights = [max(each.height for each in row) + GAP for row in rows]
    top = MARGIN + (CAPTION + GAP if title else 0)
    sheet = Image.new("RGB", (width, top + sum(heights) - GAP + MARGIN), "white")
    if title:
        ImageDraw.Draw(sheet).text((MARGIN, MARGIN), title, fill="black", font=_font(14))
    for row, height in zip(rows, heights, strict=True):
        left = MARGIN
        for each in row:
            sheet.paste(each, (left, top))
            left += each.width + GAP
        top += height
    return sheet


def draw_target(image: Tensor, target: Mapping[str, Any], classes: Any = None) -> Tensor:
    """The image, uint8 (3, H, W), with what its target marks: semantic map, masks or ids, boxes."""
    drawn = to_rgb(image)
    masks = _masks(target)
    if masks is None and "semantic" in target:
        drawn = _draw_semantic(drawn, target["semantic"])
    if masks is not None and len(masks):
        drawn = draw_segmentation_masks(drawn, masks, alpha=0.45, colors=_colours(range(len(masks))))
    if "boxes" in target and len(target["boxes"]):
        numbers = range(len(target["boxes"])) if masks is not None else _box_classes(target)
        names = _box_names(target, classes) if drawn.shape[-1] >= ROOM_FOR_NAMES else None
        width = 1 if masks is not None else 2
        drawn = draw_bounding_boxes(drawn, target["boxes"], labels=names, colors=_colours(numbers), width=width)
    return drawn


def to_rgb(image: Tensor) -> Tensor:
    """An image (1 or 3, H, W), uint8 or float in [0, 1], as uint8 (3, H, W) on the CPU without subclass."""
    image = torch.as_tensor(image).detach().cpu().as_subclass(Tensor)
    if image.dtype != torch.uint8:
        image = (image.float().clamp(0, 1) * 255).round().to(torch.uint8)
    return image.expand(3, -1, -1).contiguous()


def _pictures(data: Dataset, count: int, tile: int) -> list[tuple[list[Tensor], str]]:
    """Pictures side by side, already of their final size, and a caption, for each tile."""
    classes, names = getattr(data, "classes", None), getattr(data, "names", None)
    places = _spread(len(data), count)
    first = data[places[0]]
    if isinstance(first, tuple) and isinstance(first[1], Sequence):
        return _frames(first, count, tile, classes)
    attributes = getattr(data, "attributes", {})
    return [_one(data[place], classes, str(names[place] if names else place), tile, attributes) for place in places]


def _one(
    item: Any, classes: Any, name: str, tile: int, attributes: Mapping[str, Sequence[str]]
) -> tuple[list[Tensor], str]:
    image, target = (item, None) if isinstance(item, Tensor) else item
    if target is None:
        return [_scaled(to_rgb(image), tile)], name
    if not isinstance(target, Mapping):
        return [_scaled(to_rgb(image), tile)], _class_name(classes, int(target))
    if "clean" in target:
        return [_scaled(to_rgb(each), tile) for each in (image, target["clean"])], f"{name}: noisy, clean"
    if any(key in target for key in ("boxes", "masks", "ids", "semantic")):
        return [_drawn(image, target, classes, tile)], name
    facts = [_fact(key, int(value), attributes) for key, value in target.items() if torch.as_tensor(value).numel() == 1]
    return [_scaled(to_rgb(image), tile)], ", ".join(facts) or name


def _fact(key: str, value: int, attributes: Mapping[str, Sequence[str]]) -> str:
    """A number of the target in words, where its values have names."""
    return f"{key.replace('_', ' ')} {attributes[key][value] if key in attributes else value}"


def _frames(
    item: tuple[Tensor, Sequence[Mapping[str, Any]]], count: int, tile: int, classes: Any
) -> list[tuple[list[Tensor], str]]:
    video, targets = item
    places = _spread(len(video), count)
    return [([_drawn(video[place], targets[place], classes, tile)], f"frame {place + 1}") for place in places]


def _drawn(image: Tensor, target: Mapping[str, Any], classes: Any, tile: int) -> Tensor:
    """Image and target are scaled together, then drawn: lines and letters keep their width."""
    size = _fitting(image.shape[-2:], tile)
    marks = (tv_tensors.BoundingBoxes, tv_tensors.Mask)
    scaled = {name: V.resize(each, size) if isinstance(each, marks) else each for name, each in target.items()}
    return draw_target(_scaled(to_rgb(image), tile), scaled, classes)


def _spread(length: int, count: int) -> list[int]:
    count = min(count, length)
    return [round(number * (length - 1) / max(1, count - 1)) for number in range(count)]


def _tile(picture: tuple[list[Tensor], str]) -> Image.Image:
    """The pictures side by side above their caption."""
    images, caption = [V.to_pil_image(each) for each in picture[0]], picture[1]
    width = max(sum(image.width for image in images) + 2 * (len(images) - 1), 60)
    height = max(image.height for image in images)
    result = Image.new("RGB", (width, height + CAPTION), "white")
    left = 0
    for image in images:
        result.paste(image, (left, 0))
        left += image.width + 2
    font = _font(11)
    while caption and font.getlength(caption) > width:
        caption = caption[:-2].rstrip("…") + "…" if len(caption) > 2 else ""
    ImageDraw.Draw(result).text((0, height + 2), caption, fill="black", font=font)
    return result


def _fitting(shape: Sequence[int], tile: int) -> list[int]:
    """Height and width that fit into the tile; small pictures are enlarged by a whole number."""
    factor = tile / max(shape)
    factor = int(factor) if factor >= 2 else factor
    return [max(1, round(side * factor)) for side in shape]


def _scaled(image: Tensor, tile: int) -> Tensor:
    """The image in the size that `_fitting` says; an enlarged one shows its pixels."""
    size = _fitting(image.shape[-2:], tile)
    larger = size[0] >= 2 * image.shape[-2]
    return V.resize(image, size, interpolation=NEAREST if larger else BILINEAR)


def _masks(target: Mapping[str, Any]) -> Tensor | None:
    if "masks" in target:
        return torch.as_tensor(target["masks"]).as_subclass(Tensor).bool().cpu()
    if "ids" in target:
        ids = torch.as_tensor(target["ids"]).as_subclass(Tensor).cpu()
        return ids == torch.arange(1, int(ids.max()) + 1, dtype=ids.dtype)[:, None, None]
    return None


def _draw_semantic(image: Tensor, semantic: Tensor) -> Tensor:
    """Every class but 0 and `IGNORE` in a colour of its own."""
    semantic = torch.as_tensor(semantic).as_subclass(Tensor).cpu()
    values = [int(value) for value in semantic.unique() if int(value) not in (0, IGNORE)]
    if not values:
        return image
    masks = torch.stack([semantic == value for value in values])
    return draw_segmentation_masks(image, masks, alpha=0.4, colors=_colours([value - 1 for value in values]))


def _box_classes(target: Mapping[str, Any]) -> list[int]:
    """A number for the colour of each box: its track, else its class."""
    numbers = target.get("tracks", target.get("labels"))
    return [int(number) - 1 for number in numbers] if numbers is not None else [0] * len(target["boxes"])


def _box_names(target: Mapping[str, Any], classes: Any) -> list[str] | None:
    """Names at the boxes, where there are several classes or tracks and few boxes."""
    if "tracks" in target:
        return [str(int(track)) for track in target["tracks"]]
    labels = target.get("labels")
    if labels is None or classes is None or len(classes) <= 2 or len(labels) > 12:
        return None
    return [_class_name(classes, int(label)) for label in labels]


def _class_name(classes: Any, label: int) -> str:
    try:
        return str(classes[label]) if classes is not None else str(label)
    except (IndexError, KeyError):
        return str(label)


def _colours(numbers: Sequence[int]) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in numbers]


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
