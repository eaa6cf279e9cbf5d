"""What the real data sets have in common: where they are read from, splits, items by index."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.utils.data import Dataset

from cvcourse.data.locate import require
from cvcourse.data.registry import REGISTRY, DataSet
from cvcourse.errors import DataError

SPLIT_SEED = 2015  # of the splits that no publisher made


class RealSet(Dataset):
    """A real set as a map-style data set: an item is an image, or `(image, target)`, as its class says.

    Images are uint8 `tv_tensors.Image` (C, H, W); targets use the formats of the rendered sets, so that torchvision's
    transforms v2 apply to both.

    Attributes:
        entry: what the registry knows of the set: title, licence, citation ...
        root: the folder that it is read from.
        split: the part that this is.
        names: one name an item, after its file.
        transforms: applied to an item: a function of (image, target), or of the image alone where there is no target.
    """

    set_name: ClassVar[str]  # in the registry
    splits: ClassVar[tuple[str, ...] | None] = None  # None: those of the registry
    names: Sequence[str]

    def __init__(self, split: str, transforms: Callable[..., Any] | None, *, set_name: str | None = None) -> None:
        self.entry: DataSet = REGISTRY[set_name or self.set_name]
        self.split = one_of("split", split, self.splits or tuple(self.entry.items))
        self.root: Path = require(self.entry).root
        self.transforms = transforms

    def read(self, index: int) -> Any:
        """The item before `transforms`; `index` is from 0 to `len(self) - 1`."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Any:
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"index {index} is out of range: the data set has {len(self)} items")
        item = self.read(place)
        if self.transforms is None:
            return item
        return self.transforms(*item) if isinstance(item, tuple) else self.transforms(item)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} items, split={self.split!r})"

    def folder(self, *layouts: str) -> Path:
        """The first of these folders (or files) below the root that is there.

        Raises:
            DataError: none is.
        """
        for layout in layouts:
            if (self.root / layout).exists():
                return self.root / layout
        raise DataError(f"{self.root} is not {self.entry.title}: it lacks {' and '.join(layouts)}")

    def require_count(self, found: int, expected: int, where: Path) -> None:
        """Raises a `DataError` where a set of fixed size is not complete."""
        if found != expected:
            raise DataError(f"{where} holds {found} items where {self.entry.title} has {expected}: complete it")


def one_of(what: str, value: str, options: Sequence[str]) -> str:
    """`value`, where it is among `options`.

    Raises:
        ValueError: it is not.
    """
    if value not in options:
        raise ValueError(f"{what} is {value!r}: it must be one of {', '.join(map(repr, options))}")
    return value


def in_split(groups: Sequence[Any], split: str, shares: dict[str, float]) -> list[int]:
    """The places of the items that belong to `split`; items of one group stay together.

    The groups are sorted, shuffled by a generator of its own with the seed `SPLIT_SEED`, and dealt out in the order of
    `shares`, the last split taking the rest. The same groups give the same split on every machine.

    Args:
        groups: one an item, such as its person, or its name where every item is on its own.
        split: one of `shares`.
        shares: the share of the groups that each split gets; they add up to 1.
    """
    distinct = sorted(set(groups))
    generator = torch.Generator().manual_seed(SPLIT_SEED)
    order = torch.randperm(len(distinct), generator=generator).tolist()
    start, wanted = 0, set()
    for number, (name, share) in enumerate(shares.items(), 1):
        end = len(distinct) if number == len(shares) else start + round(share * len(distinct))
        if name == split:
            wanted = {distinct[place] for place in order[start:end]}
        start = end
    return [index for index, group in enumerate(groups) if group in wanted]


def numbered(values: Sequence[Any]) -> tuple[Tensor, tuple[Any, ...]]:
    """Each value's place among the distinct ones in order, int64 (N,), and those."""
    distinct = sorted(set(values))
    places = {value: place for place, value in enumerate(distinct)}
    return torch.tensor([places[value] for value in values], dtype=torch.int64), tuple(distinct)
