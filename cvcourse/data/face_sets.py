"""Photographs of faces, several a person: ORL, Olivetti, Labeled Faces in the Wild.

Persons, not pictures, are dealt to the splits: whoever is in the test set is nowhere else.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision import tv_tensors

from cvcourse.data.picture_files import MEND, read_lines, read_picture, require_file
from cvcourse.data.real import RealSet, in_split, numbered
from cvcourse.errors import DataError

SHARES = {"train": 0.75, "test": 0.25}
PEOPLE, PICTURES = 40, 10


class _Faces(RealSet):
    """Items `(image, {"person": number})`, as the rendered faces have them.

    Attributes:
        labels: (N,) int64, who it is: a place in `persons`.
        persons: the names of the people of this split.
    """

    labels: Tensor
    persons: tuple[str, ...]

    def pixels(self, index: int) -> Tensor:
        """The picture, uint8 (C, H, W)."""
        raise NotImplementedError

    def read(self, index: int) -> tuple[tv_tensors.Image, dict[str, Tensor]]:
        return tv_tensors.Image(self.pixels(index)), {"person": self.labels[index].clone()}


class ORL(_Faces):
    """The ORL (AT&T) faces: 40 people, 10 grey pictures of 92 x 112 each.

    An item is `(image, target)`: a uint8 image (1, 112, 92); a target with "person" (int64, a place in `persons`).

    >>> image, target = ORL("test")[0]
    >>> image.shape, int(target["person"])
    (torch.Size([1, 112, 92]), 0)

    Args:
        split: "train" (30 people) or "test" (the other 10): nobody published a split; this one has a fixed seed.
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand, or a file of it is missing or damaged.

    Layout:
        orl_faces/sN/M.pgm or att_faces/sN/M.pgm, N from 1 to 40, M from 1 to 10.

    Source:
        F. Samaria, A. Harter: Parameterisation of a stochastic model for human face identification. WACV 1994.
        Credit: Olivetti Research Laboratory.
    """

    set_name = "orl"

    def __init__(self, split: str = "train", *, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(split, transforms)
        base = self.folder("orl_faces", "att_faces")
        chosen = in_split(range(1, PEOPLE + 1), split, SHARES)
        self._files = [
            base / f"s{place + 1}" / f"{number}.pgm" for place in chosen for number in range(1, PICTURES + 1)
        ]
        for path in self._files:
            require_file(path)
        self.names = [f"{path.parent.name}/{path.stem}" for path in self._files]
        self.persons = tuple(f"s{place + 1}" for place in chosen)
        self.labels = torch.arange(len(chosen)).repeat_interleave(PICTURES)

    def pixels(self, index: int) -> Tensor:
        return read_picture(self._files[index], "L", (92, 112))


class Olivetti(_Faces):
    """The Olivetti faces: those of ORL as scikit-learn has them, cropped to the face: 40 people, 10 of 64 x 64 each.

    An item is `(image, target)`: a uint8 image (1, 64, 64); a target with "person" (int64, a place in `persons`).

    Args:
        split: "train" (30 people) or "test" (the same other 10 as in `ORL`).
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand, or its file is missing or damaged.

    Layout:
        olivettifaces.mat (S. Roweis), the file that `sklearn.datasets.fetch_olivetti_faces` downloads.

    Source:
        F. Samaria, A. Harter, WACV 1994. Credit: AT&T Laboratories Cambridge.
    """

    set_name = "olivetti"

    def __init__(self, split: str = "train", *, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(split, transforms)
        everything = _read_mat(self.folder("olivettifaces.mat")).unflatten(0, (PEOPLE, PICTURES))
        chosen = in_split(range(1, PEOPLE + 1), split, SHARES)
        self._pixels = everything[chosen].flatten(0, 1)
        self.persons = tuple(f"s{place + 1}" for place in chosen)
        self.names = [f"{person}/{number}" for person in self.persons for number in range(1, PICTURES + 1)]
        self.labels = torch.arange(len(chosen)).repeat_interleave(PICTURES)

    def pixels(self, index: int) -> Tensor:
        return self._pixels[index].unsqueeze(0).clone()


def _read_mat(path: Path) -> Tensor:
    """All pictures, uint8 (400, 64, 64). The file holds them as columns, each picture column by column."""
    from scipy.io import loadmat

    require_file(path)
    try:
        faces = torch.from_numpy(loadmat(path)["faces"].T.copy())
    except Exception as error:  # loadmat raises errors of many kinds for a file that is cut off
        raise DataError(f"{path} is damaged ({error}): {MEND}") from error
    if faces.shape != (PEOPLE * PICTURES, 64 * 64):
        raise DataError(f"{path} holds {tuple(faces.shape)} numbers, not 400 pictures of 64 x 64: {MEND}")
    return faces.reshape(-1, 64, 64).transpose(1, 2).to(torch.uint8).contiguous()


class LFW(_Faces):
    """Labeled Faces in the Wild, funneled (aligned): 5,749 people, 13,233 colour pictures of 250 x 250.

    An item is `(image, target)`: a uint8 image (3, 250, 250); a target with "person" (int64, a place in `persons`).
    `pairs` are the published ones to verify.

    Args:
        split: "all", or by person: "test", everybody who is in a published pair of the development test set (view 1),
            and "train", everybody else. A network trained on "train" has seen nobody of the pairs.
        min_pictures: only people with so many pictures or more.
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split, or nobody has so many pictures.
        DataError: the set is not at hand (243 MB: `cvcourse data get lfw`), or a file of it is missing or damaged.

    Layout:
        lfw_home/lfw_funneled/NAME/NAME_NNNN.jpg, lfw_home/{pairsDevTrain,pairsDevTest,pairs}.txt, as scikit-learn's
        `fetch_lfw_people` and `fetch_lfw_pairs` have it.

    Source:
        G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller: Labeled Faces in the Wild. Technical report 07-49, 2007.
    """

    set_name = "lfw"
    splits = ("all", "train", "test")

    def __init__(
        self,
        split: str = "train",
        *,
        min_pictures: int = 1,
        transforms: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        super().__init__(split, transforms)
        self._home = self.folder("lfw_home")
        by_person = {
            folder.name: files
            for folder in sorted((self._home / "lfw_funneled").iterdir())
            if folder.is_dir() and (files := sorted(folder.glob("*.jpg")))
        }
        if split != "all":
            tested = {name for row in self._rows("pairsDevTest") for name, _ in row}
            by_person = {name: files for name, files in by_person.items() if (name in tested) == (split == "test")}
        by_person = {name: files for name, files in by_person.items() if len(files) >= min_pictures}
        if not by_person:
            raise ValueError(f"min_pictures is {min_pictures}: nobody in the split {split!r} has so many")
        self._files = [path for files in by_person.values() for path in files]
        self.names = [path.stem for path in self._files]
        self.labels, self.persons = numbered([path.parent.name for path in self._files])

    def pixels(self, index: int) -> Tensor:
        return read_picture(self._files[index], "RGB", (250, 250))

    def pairs(self, name: str = "pairsDevTest") -> tuple[Tensor, Tensor]:
        """Published pairs to verify: places (P, 2) int64 in this data set, and whether they show one person, (P,) bool.

        Args:
            name: "pairsDevTest", "pairsDevTrain", or "pairs" (the ten folds of view 2, one after the other). Pairs
                with a picture that is not in this split are left out.
        """
        places = {stem: place for place, stem in enumerate(self.names)}
        rows = [[f"{person}_{number:04d}" for person, number in row] for row in self._rows(name)]
        found = [row for row in rows if all(stem in places for stem in row)]
        same = [first[:-5] == second[:-5] for first, second in found]
        indices = torch.tensor([[places[stem] for stem in row] for row in found], dtype=torch.int64).reshape(-1, 2)
        return indices, torch.tensor(same, dtype=torch.bool)

    def _rows(self, name: str) -> list[list[tuple[str, int]]]:
        """The pairs of a published list: `NAME I J` for one person, `NAME I OTHER J` for two; other lines count."""
        path = self._home / f"{name}.txt"
        rows = []
        for line in read_lines(path):
            parts = line.split("\t")
            try:
                if len(parts) == 3:
                    rows.append([(parts[0], int(parts[1])), (parts[0], int(parts[2]))])
                elif len(parts) == 4:
                    rows.append([(parts[0], int(parts[1])), (parts[2], int(parts[3]))])
            except ValueError as error:
                raise DataError(f"{path} has a line {line!r} that is no pair: {MEND}") from error
        if not rows:
            raise DataError(f"{path} holds no pair: {MEND}")
        return rows
