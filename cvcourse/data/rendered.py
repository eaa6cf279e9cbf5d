"""What the rendered data sets have in common: items by index, batches in chunks, options that are checked."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import torch
from torch import Tensor
from torch.utils.data import Dataset


@dataclass
class Batch:
    """Tensors of one batch; the first axis of each is the picture."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def to(self, device: torch.device | str) -> Self:
        """The same batch on another device."""
        return type(self)(*(getattr(self, field.name).to(device) for field in fields(self)))

    def items(self, wanted: Sequence[str]) -> list[tuple[Any, dict[str, Any]]]:
        """The batch as (image, target) pairs; `wanted` names the target's entries."""
        raise NotImplementedError

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """One batch of several."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(cls)))


class Rendered(Dataset):
    """A map-style data set whose pictures are computed when they are asked for.

    A picture depends on the seed, its index and the options alone: not on the batch it is computed with, not on what
    was asked for before, and not on torch's global generators. One picture costs several milliseconds of overhead;
    `batch` and a `DataLoader` (which calls `__getitems__`) share it among many.
    """

    chunk: ClassVar[int] = 32  # pictures computed at once: more would leave the processor's cache
    targets: tuple[str, ...]  # the entries of an item's target

    def __init__(
        self, length: int, seed: int, device: torch.device | str, transforms: Callable[[Any, Any], Any] | None
    ) -> None:
        self.length = whole("length", length, 1)
        self.seed = whole("seed", seed)
        self.device = torch.device(device)
        self.transforms = transforms

    def render(self, indices: Tensor) -> Batch:
        """The pictures of one chunk; `indices` is int64 (N,) on the data set's device."""
        raise NotImplementedError

    def batch(self, indices: Iterable[int] | Tensor) -> Batch:
        """The pictures with these indices as tensors, without `transforms`.

        Args:
            indices: whole numbers from 0 to `len(self) - 1` in any order; negative ones count from the end.

        Raises:
            IndexError: an index is out of range, or there are none.
        """
        wanted = torch.as_tensor(indices if isinstance(indices, Tensor | list) else list(indices)).reshape(-1).long()
        if not len(wanted):
            raise IndexError("no indices: ask for at least one picture")
        wanted = torch.where(wanted < 0, wanted + self.length, wanted)
        if bool(((wanted < 0) | (wanted >= self.length)).any()):
            raise IndexError(f"an index is out of range: the data set has {self.length} items")
        with torch.no_grad():
            parts = [self.render(part) for part in wanted.to(self.device).split(self.chunk)]
        return parts[0].join(parts)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[Any, dict[str, Any]]:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: list[int]) -> list[tuple[Any, dict[str, Any]]]:
        items = self.batch(indices).items(self.targets)
        return items if self.transforms is None else [self.transforms(*item) for item in items]


def whole(name: str, value: Any, low: int | None = None, high: int | None = None) -> int:
    """`value` as an int in [low, high].

    Raises:
        ValueError: it is no whole number or out of range.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"{name} is a whole number, not {value!r}")
    return int(within(name, value.__index__(), low, high))


def within(name: str, value: float, low: float | None = None, high: float | None = None, unit: str = "") -> float:
    """`value`, checked to lie in [low, high].

    Raises:
        ValueError: it is no number or out of range.
    """
    try:
        fits = (low is None or value >= low) and (high is None or value <= high) and value == value
    except TypeError:
        fits = False
    if not fits:
        bounds = [f"at least {low}"] * (low is not None) + [f"at most {high}"] * (high is not None)
        raise ValueError(f"{name} is {' and '.join(bounds) or 'a number'}{unit and ' ' + unit}, not {value!r}")
    return value


def pair(name: str, value: Any, low: float, high: float, unit: str = "") -> tuple[float, float]:
    """`value` as (smallest, largest), both in [low, high] and in this order.

    Raises:
        ValueError: it is not.
    """
    try:
        smallest, largest = value
    except (TypeError, ValueError):
        raise ValueError(f"{name} is a pair (smallest, largest), not {value!r}") from None
    within(f"the smallest of {name}", smallest, low, high, unit)
    within(f"the largest of {name}", largest, low, high, unit)
    if smallest > largest:
        raise ValueError(f"{name} is (smallest, largest), not {value!r}: swap the two")
    return smallest, largest


def chosen(name: str, value: str | Iterable[str], options: Sequence[str]) -> tuple[str, ...]:
    """`value`, one name or several, as a tuple of names that are among `options`.

    Raises:
        ValueError: one is not, one stands there twice, or there are none.
    """
    names = (value,) if isinstance(value, str) else tuple(value)
    unknown = [item for item in names if item not in options]
    if unknown or not names or len(set(names)) < len(names):
        problem = f"unknown {name} {unknown[0]!r}" if unknown else f"{name} must be named once each, not {names!r}"
        raise ValueError(f"{problem}; there are: {', '.join(options)}")
    return names
