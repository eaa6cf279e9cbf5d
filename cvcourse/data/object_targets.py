"""Targets of detection and segmentation as the rendered scenes have them: boxes, labels, masks, ids, semantic map."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.ops import masks_to_boxes

BOX_TARGETS = ("boxes", "labels")
INSTANCE_TARGETS = ("boxes", "labels", "masks", "ids", "semantic")


def box_target(boxes: Tensor, labels: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
    """Boxes (N, 4) xyxy in pixels, right and lower edges exclusive, and labels (N,) on a picture of (height, width)."""
    return {
        "boxes": tv_tensors.BoundingBoxes(boxes.float().reshape(-1, 4), format="XYXY", canvas_size=size),
        "labels": labels.long(),
    }


def instance_target(ids: Tensor, wanted: Sequence[str]) -> dict[str, Tensor]:
    """The target of a picture whose objects are all of the class 1.

    Args:
        ids: int32 (H, W), 0 for the background, another number for each object; gaps are closed.
        wanted: entries, out of `INSTANCE_TARGETS`: "boxes" (xyxy float, tight around the pixels, right and lower edges
            exclusive), "labels" (int64, all 1), "masks" (bool (objects, H, W)), "ids" (int32 (H, W), from 1 without
            gaps) and "semantic" (uint8 (H, W), 0 or 1).
    """
    ids = _without_gaps(ids)
    count = int(ids.max()) if ids.numel() else 0
    masks = ids == torch.arange(1, count + 1, dtype=ids.dtype)[:, None, None]
    entries = {
        "boxes": lambda: tv_tensors.BoundingBoxes(_boxes(masks), format="XYXY", canvas_size=tuple(ids.shape)),
        "labels": lambda: torch.ones(count, dtype=torch.int64),
        "masks": lambda: tv_tensors.Mask(masks),
        "ids": lambda: tv_tensors.Mask(ids),
        "semantic": lambda: tv_tensors.Mask((ids > 0).to(torch.uint8)),
    }
    return {name: entries[name]() for name in wanted}


def _without_gaps(ids: Tensor) -> Tensor:
    values, places = torch.unique(ids, return_inverse=True)
    return (places + (0 if len(values) and values[0] == 0 else 1)).to(torch.int32)


def _boxes(masks: Tensor) -> Tensor:
    """Boxes (N, 4) float with exclusive right and lower edges; torchvision's are the last pixels themselves."""
    return masks_to_boxes(masks).float() + torch.tensor([0.0, 0.0, 1.0, 1.0])
