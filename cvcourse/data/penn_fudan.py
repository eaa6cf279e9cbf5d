"""Penn-Fudan: pedestrians in street photographs, for detection and instance segmentation."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torchvision import tv_tensors

from cvcourse.data.object_targets import INSTANCE_TARGETS, instance_target
from cvcourse.data.picture_files import MEND, read_numbers, read_picture, require_file
from cvcourse.data.real import RealSet, in_split
from cvcourse.data.rendered import chosen
from cvcourse.errors import DataError

SHARES = {"train": 0.8, "test": 0.2}


class PennFudan(RealSet):
    """Street photographs of several sizes with a mask for each pedestrian who stands upright.

    An item is `(image, target)`: a uint8 image (3, H, W); a target with the entries of `targets`, as the rendered
    scenes have them ("ids" is int32 here).
    170 photographs with 345 pedestrians (some are unlabelled: far away, or hidden by others).

    >>> image, target = PennFudan("test")[0]
    >>> target["masks"].shape[1:] == image.shape[1:]
    True

    Args:
        split: "train" (136) or "test" (34). Nobody published a split; this one is by photograph, with a fixed seed.
        targets: out of "boxes" (xyxy, tight around the masks), "labels" (all 1), "masks", "ids" and "semantic".
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split or target.
        DataError: the set is not at hand, or a file of it is missing or damaged.

    Layout:
        PennFudanPed/PNGImages/NAME.png, PennFudanPed/PedMasks/NAME_mask.png.

    Source:
        L. Wang, J. Shi, G. Song, I. Shen: Object detection combining recognition and segmentation. ACCV 2007.
    """

    set_name = "penn_fudan"
    classes = ("background", "pedestrian")

    def __init__(
        self,
        split: str = "train",
        *,
        targets: Sequence[str] = ("boxes", "labels", "masks"),
        transforms: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        super().__init__(split, transforms)
        self.targets = chosen("target", targets, INSTANCE_TARGETS)
        base = self.folder("PennFudanPed")
        names = sorted(path.stem for path in (base / "PNGImages").glob("*.png"))
        self.require_count(len(names), sum(self.entry.items.values()), base / "PNGImages")
        self.names = [names[place] for place in in_split(names, split, SHARES)]
        self._files = [
            (base / "PNGImages" / f"{name}.png", base / "PedMasks" / f"{name}_mask.png") for name in self.names
        ]
        for _, mask in self._files:
            require_file(mask)

    def read(self, index: int) -> tuple[tv_tensors.Image, dict[str, torch.Tensor]]:
        picture, mask = self._files[index]
        image = read_picture(picture, "RGB")
        ids = read_numbers(mask, (image.shape[2], image.shape[1]))
        if not ids.any():
            raise DataError(f"{mask} marks nobody: {MEND}")
        return tv_tensors.Image(image), instance_target(ids, self.targets)
