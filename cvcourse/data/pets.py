"""Oxford-IIIT pets: cats and dogs of 37 breeds, for segmentation and classification."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torchvision import tv_tensors

from cvcourse.data.picture_files import MEND, read_lines, read_numbers, read_picture, require_file
from cvcourse.data.real import RealSet
from cvcourse.data.rendered import chosen
from cvcourse.errors import DataError

TARGETS = ("semantic", "breed", "species")
IGNORE = 255
_TRIMAP = torch.tensor([IGNORE, 1, 0, IGNORE], dtype=torch.uint8)  # 1 pet, 2 background, 3 in between


class OxfordPets(RealSet):
    """Photographs of cats and dogs with their outlines and breeds.

    An item is `(image, target)`: a uint8 image (3, H, W) of any size; a target with the entries of `targets`:
    "semantic" (uint8 `tv_tensors.Mask` (H, W): 0 background, 1 pet, 255 the border between them, which counts for
    neither), "breed" (int64, a place in `breeds`) and "species" (int64, 0 cat, 1 dog).

    Args:
        split: "trainval" (3,680) or "test" (3,669), as published.
        targets: which entries.
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split or target.
        DataError: the set is not at hand (811 MB: `cvcourse data get pets`), or a file of it is missing or damaged.

    Layout:
        oxford-iiit-pet/images/NAME.jpg, oxford-iiit-pet/annotations/{SPLIT.txt, trimaps/NAME.png}, as
        `torchvision.datasets.OxfordIIITPet` has it.

    Source:
        O. M. Parkhi, A. Vedaldi, A. Zisserman, C. V. Jawahar: Cats and dogs. CVPR 2012 (CC BY-SA 4.0).
    """

    set_name = "pets"
    classes = ("background", "pet")

    def __init__(
        self,
        split: str = "trainval",
        *,
        targets: Sequence[str] = ("semantic", "breed"),
        transforms: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        super().__init__(split, transforms)
        self.targets = chosen("target", targets, TARGETS)
        base = self.folder("oxford-iiit-pet")
        lines = base / "annotations" / f"{split}.txt"
        rows = [_row(lines, line) for line in read_lines(lines)]
        self.names = [name for name, _, _ in rows]
        self.labels = torch.tensor([breed for _, breed, _ in rows])
        self._species = [species for _, _, species in rows]
        breeds = {breed: name.rsplit("_", 1)[0].replace("_", " ") for name, breed, _ in rows}
        self.breeds = tuple(breeds[breed] for breed in sorted(breeds))
        self._files = [
            (base / "images" / f"{name}.jpg", base / "annotations" / "trimaps" / f"{name}.png") for name in self.names
        ]
        for path in (path for pair in self._files for path in pair):
            require_file(path)

    def read(self, index: int) -> tuple[tv_tensors.Image, dict[str, torch.Tensor]]:
        picture, trimap = self._files[index]
        image = read_picture(picture, "RGB")
        entries = {
            "semantic": lambda: _semantic(trimap, (image.shape[2], image.shape[1])),
            "breed": lambda: self.labels[index].clone(),
            "species": lambda: torch.tensor(self._species[index]),
        }
        return tv_tensors.Image(image), {name: entries[name]() for name in self.targets}


def _row(path: Path, line: str) -> tuple[str, int, int]:
    """Name, breed and species, both from 0, of a line `NAME BREED SPECIES NUMBER`."""
    try:
        name, breed, species, _ = line.split()
        return name, int(breed) - 1, int(species) - 1
    except ValueError as error:
        raise DataError(f"{path} has a line {line!r} that is not NAME BREED SPECIES NUMBER: {MEND}") from error


def _semantic(path: Path, size: tuple[int, int]) -> tv_tensors.Mask:
    trimap = read_numbers(path, size)
    if not 1 <= int(trimap.min()) <= int(trimap.max()) <= 3:
        raise DataError(f"{path} holds numbers other than 1, 2 and 3: {MEND}")
    return tv_tensors.Mask(_TRIMAP[trimap.long()])
