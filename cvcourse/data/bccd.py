"""BCCD: blood cells in photographs through a microscope, for detection."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import torch
from torchvision import tv_tensors

from cvcourse.data.object_targets import box_target
from cvcourse.data.picture_files import MEND, read_lines, read_picture, require_file
from cvcourse.data.real import RealSet
from cvcourse.errors import DataError

CLASSES = ("background", "RBC", "WBC", "Platelets")
CORNERS = ("xmin", "ymin", "xmax", "ymax")


class BCCD(RealSet):
    """Photographs of blood, 640 x 480, with a box around each red cell (RBC), white cell (WBC) and platelet.

    An item is `(image, target)`: a uint8 image (3, 480, 640); a target with "boxes" (`tv_tensors.BoundingBoxes`, xyxy
    in pixels, as the annotators set them) and "labels" (int64, places in `classes`).
    364 photographs with 4,886 boxes; two boxes without area, slips of the mouse, are left out (`dropped` counts them).

    >>> image, target = BCCD("test")[0]
    >>> image.shape, len(target["labels"])
    (torch.Size([3, 480, 640]), 18)

    Args:
        split: "train" (205), "val" (87) or "test" (72), as published.
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand, or a file of it is missing or damaged.

    Layout:
        BCCD/JPEGImages/NAME.jpg, BCCD/Annotations/NAME.xml (Pascal VOC), BCCD/ImageSets/Main/SPLIT.txt.

    Source:
        https://github.com/Shenggan/BCCD_Dataset (MIT licence).
    """

    set_name = "bccd"
    classes = CLASSES

    def __init__(self, split: str = "train", *, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(split, transforms)
        base = self.folder("BCCD")
        self.names = read_lines(base / "ImageSets" / "Main" / f"{split}.txt")
        self._files = [base / "JPEGImages" / f"{name}.jpg" for name in self.names]
        for path in self._files:
            require_file(path)
        self._annotations = [_read(base / "Annotations" / f"{name}.xml") for name in self.names]
        self.dropped = sum(annotation["dropped"] for annotation in self._annotations)

    def read(self, index: int) -> tuple[tv_tensors.Image, dict[str, torch.Tensor]]:
        annotation = self._annotations[index]
        width, height = annotation["size"]
        image = read_picture(self._files[index], "RGB", (width, height))
        boxes, labels = torch.tensor(annotation["boxes"]), torch.tensor(annotation["labels"])
        return tv_tensors.Image(image), box_target(boxes, labels, (height, width))


def _read(path: Path) -> dict[str, Any]:
    """The picture's size, the boxes with an area, their labels, and how many boxes had none."""
    require_file(path)
    try:
        tree = ElementTree.parse(path).getroot()
        size = tuple(int(tree.findtext(f"size/{side}")) for side in ("width", "height"))
        found = [
            (each.findtext("name"), [float(each.findtext(f"bndbox/{corner}")) for corner in CORNERS])
            for each in tree.iter("object")
        ]
    except (ElementTree.ParseError, TypeError, ValueError) as error:
        raise DataError(f"{path} is no annotation in Pascal VOC's format ({error}): {MEND}") from error
    if not found:
        raise DataError(f"{path} holds no box: {MEND}")
    for name, box in found:
        _require_valid(path, name, box, size)
    kept = [(name, box) for name, box in found if box[2] > box[0] and box[3] > box[1]]
    return {
        "size": size,
        "boxes": [box for _, box in kept],
        "labels": [CLASSES.index(name) for name, _ in kept],
        "dropped": len(found) - len(kept),
    }


def _require_valid(path: Path, name: str, box: list[float], size: tuple[int, int]) -> None:
    if name not in CLASSES[1:]:
        raise DataError(f"{path} names a class {name!r} that is none of {', '.join(CLASSES[1:])}: {MEND}")
    x1, y1, x2, y2 = box
    if not (0 <= x1 <= x2 <= size[0] and 0 <= y1 <= y2 <= size[1]):
        corners = ", ".join(f"{value:g}" for value in box)
        raise DataError(f"{path} has a box ({corners}) that is not inside its {size[0]} x {size[1]} pixels: {MEND}")
