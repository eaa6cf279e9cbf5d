"""A one-stage detector without anchors for 64 x 64 scenes, and its average precision at an IoU of 0.5."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import ops

from cvcourse.data.scenes import CLASSES, SceneBatch, Scenes

STRIDE = 4
_CENTRE = 0.3  # cells whose middle lies this near to a box's middle, in sides of the box, answer for it


class Detector(nn.Module):
    """Maps images (N, 3, S, S) in [0, 1] to logits (N, 5, S/4, S/4) and distances (N, 4, S/4, S/4) in pixels.

    A cell says which kind of object it is the middle of, and how far the box's four sides are from its own middle
    (Tian, Shen, Chen and He, "FCOS", 2019, without pyramid and centre-ness). 96,000 parameters.
    """

    def __init__(self) -> None:
        super().__init__()

        def block(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> list[nn.Module]:
            convolution = nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False)
            return [convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]

        self.body = nn.Sequential(
            *block(3, 24, 2), *block(24, 48, 2), *block(48, 64), *block(64, 64, dilation=2), *block(64, 32, dilation=2)
        )
        self.head = nn.Conv2d(32, len(CLASSES) - 1 + 4, 1)
        nn.init.constant_(self.head.bias, 0.0)
        nn.init.constant_(self.head.bias[: len(CLASSES) - 1], -4.0)  # nearly all cells are background

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits, sides = self.head(self.body(images * 2 - 1)).split([len(CLASSES) - 1, 4], 1)
        return logits, F.softplus(sides + 2) * STRIDE


def cell_middles(cells: int) -> Tensor:
    """x and y of the cells' middles: (cells, cells, 2)."""
    along = (torch.arange(cells) + 0.5) * STRIDE
    return torch.stack(torch.meshgrid(along, along, indexing="xy"), -1)


def assign(boxes: Tensor, labels: Tensor, cells: int) -> Tensor:
    """Which row of `boxes` (N, K, 4) each cell answers for, the smallest that claims it, or -1: (N, cells, cells)."""
    middles = cell_middles(cells)[None, :, :, None]
    centre, size = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
    near = (middles - centre[:, None, None]).abs() < (_CENTRE * size).clamp(min=STRIDE * 0.6)[:, None, None]
    claimed = near.all(-1) & (labels > 0)[:, None, None]
    area = torch.where(claimed, size.prod(-1)[:, None, None], torch.inf)
    smallest, row = area.min(-1)
    return torch.where(smallest.isfinite(), row, -1)


def loss(model: Detector, scenes: SceneBatch) -> Tensor:
    """Focal loss of the kinds and generalised IoU loss of the boxes, over the number of cells that answer."""
    logits, sides = model(scenes.images.float() / 255)
    rows = assign(scenes.boxes, scenes.labels, logits.shape[-1])
    scene, y, x = (rows >= 0).nonzero().unbind(1)
    row = rows[scene, y, x]
    wanted = torch.zeros_like(logits)
    wanted[scene, scenes.labels[scene, row] - 1, y, x] = 1
    kinds = ops.sigmoid_focal_loss(logits, wanted, alpha=-1, gamma=2, reduction="sum")
    found = to_boxes(sides)[scene, y, x]
    places = ops.generalized_box_iou_loss(found, scenes.boxes[scene, row], reduction="sum")
    return (kinds + places) / max(1, len(row))


def to_boxes(sides: Tensor) -> Tensor:
    """Distances (N, 4, cells, cells) to left, top, right and bottom as boxes (N, cells, cells, 4)."""
    middles = cell_middles(sides.shape[-1])
    left_top, right_bottom = sides.permute(0, 2, 3, 1).split(2, -1)
    return torch.cat([middles - left_top, middles + right_bottom], -1)


@dataclass
class Detections:
    """What was found in one picture: boxes (M, 4), labels (M,) from 1, scores (M,)."""

    boxes: Tensor
    labels: Tensor
    scores: Tensor


@torch.inference_mode()
def detect(model: Detector, images: Tensor, threshold: float = 0.05) -> list[Detections]:
    """The objects in uint8 images (N, 3, S, S), after non-maximum suppression by kind at an IoU of 0.5."""
    model.eval()
    logits, sides = model(images.float() / 255)
    scores, boxes = logits.sigmoid().permute(0, 2, 3, 1), to_boxes(sides)
    found = []
    for i in range(len(images)):
        y, x, kind = (scores[i] > threshold).nonzero().unbind(1)
        score = scores[i, y, x, kind]
        kept = ops.batched_nms(boxes[i, y, x], score, kind, 0.5)[:50]
        found.append(Detections(boxes[i, y, x][kept], kind[kept] + 1, score[kept]))
    return found


def average_precision(found: list[Detections], truth: SceneBatch, iou_threshold: float = 0.5) -> float:
    """The mean over kinds of the 101-point average precision, as COCO defines it (no crowds, no limit of detections).

    A short reference of this benchmark's own: neither pycocotools nor torchmetrics is among the requirements.
    """
    return float(np.mean([_of_kind(found, truth, label, iou_threshold) for label in range(1, len(CLASSES))]))


def _of_kind(found: list[Detections], truth: SceneBatch, label: int, iou_threshold: float) -> float:
    scores, right = [], []
    for i, one in enumerate(found):
        mine = one.labels == label
        order = one.scores[mine].argsort(descending=True)
        ious = ops.box_iou(one.boxes[mine][order], truth.boxes[i, truth.labels[i] == label])
        free = torch.ones(ious.shape[1], dtype=torch.bool)
        for row in ious:
            candidates = torch.where(free, row, -1.0)
            best = int(candidates.argmax()) if len(candidates) else 0
            hit = len(candidates) > 0 and candidates[best] >= iou_threshold
            free[best : best + 1] &= not hit
            right.append(bool(hit))
        scores += one.scores[mine][order].tolist()
    objects = int((truth.labels == label).sum())
    ranked = np.array(right, dtype=bool)[np.argsort(-np.array(scores), kind="stable")]
    hits = np.cumsum(ranked)
    recall, precision = hits / objects, hits / np.arange(1, len(ranked) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    points = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return float(np.mean([precision[point] if point < len(precision) else 0.0 for point in points]))


def run(seed: int, seconds: float = 60, size: int = 64, difficulty: float = 1.0, batch: int = 32) -> dict[str, float]:
    """Train for so many CPU seconds and measure on 500 scenes of another seed."""
    train = Scenes(6000, seed=1000 + seed, size=size, difficulty=difficulty).batch(range(6000))
    test = Scenes(500, seed=5000 + seed, size=size, difficulty=difficulty).batch(range(500))
    torch.manual_seed(seed)
    model = Detector().to(memory_format=torch.channels_last)  # a quarter faster on CPUs
    optimizer = torch.optim.AdamW(model.parameters(), 4e-3, weight_decay=1e-4)
    model.train()
    start, steps = time.process_time(), 0
    while (spent := (time.process_time() - start) / seconds) < 1:
        for group in optimizer.param_groups:  # one rise and fall over the time, not the steps
            group["lr"] = 4e-3 * min(spent / 0.1, (1 - spent) / 0.9 + 0.01)
        rows = torch.randint(len(train), (batch,))
        value = loss(model, SceneBatch(*(getattr(train, name)[rows] for name in ("images", "boxes", "labels", "ids"))))
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        steps += 1
    found = [one for images in test.images.split(100) for one in detect(model, images)]
    return {
        "AP50": average_precision(found, test),
        "AP75": average_precision(found, test, 0.75),
        "steps": steps,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
