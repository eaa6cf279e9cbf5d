"""Noise models as torchvision v2 transforms with a generator, and collate functions for pictures with objects.

Geometry is torchvision's: `torchvision.transforms.v2` moves boxes, masks and key points with the picture.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torchvision import tv_tensors
from torchvision.transforms import v2

from cvcourse.data import noise
from cvcourse.data.rendered import within


class NoiseTransform(v2.Transform):
    """Noise of one kind, added to images and videos; boxes, masks and key points pass.

    Images are float tensors (..., H, W) with values around [0, 1]; results are not clipped, so that the noise keeps its
    mean. A picture and its clean version in one sample would both get noise: apply these to the picture alone.

    Args:
        generator: source of the random numbers, on the images' device; default torch's global one.

    Raises:
        ValueError: an image is not of a float type (convert with `v2.ToDtype(torch.float32, scale=True)`).
    """

    _transformed_types = (tv_tensors.Image, tv_tensors.Video, v2.functional.is_pure_tensor)

    def __init__(self, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.generator = generator

    def apply(self, signal: Tensor, source: noise.Source) -> Tensor:
        """The noisy signal (1, ..., H, W)."""
        raise NotImplementedError

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if not inpt.is_floating_point():
            raise ValueError(
                f"noise needs a float image in [0, 1], not {inpt.dtype}: "
                "apply v2.ToDtype(torch.float32, scale=True) before"
            )
        signal = inpt.as_subclass(Tensor)[None]
        source = noise.GeneratorSource(1, signal.device, self.generator)
        return tv_tensors.wrap(self.apply(signal, source)[0].to(inpt.dtype), like=inpt)


class GaussianNoise(NoiseTransform):
    """Independent normal noise of standard deviation `sigma`; see `cvcourse.data.noise.gaussian`.

    Raises:
        ValueError: `sigma` is negative.
    """

    def __init__(self, sigma: float = 25 / 255, generator: torch.Generator | None = None) -> None:
        super().__init__(generator)
        self.sigma = within("sigma", sigma, 0)

    def apply(self, signal: Tensor, source: noise.Source) -> Tensor:
        return noise.gaussian(signal, source, sigma=self.sigma)


class CameraNoise(NoiseTransform):
    """Poisson noise of the light and normal noise of the amplifier; see `cvcourse.data.noise.camera`.

    Raises:
        ValueError: `gain` or `read_noise` is negative.
    """

    def __init__(
        self,
        gain: float = 0.03,
        read_noise: float = 0.045,
        offset: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(generator)
        self.gain, self.read_noise = within("gain", gain, 0), within("read_noise", read_noise, 0)
        self.offset = within("offset", offset)

    def apply(self, signal: Tensor, source: noise.Source) -> Tensor:
        return noise.camera(signal, source, gain=self.gain, read_noise=self.read_noise, offset=self.offset)


class RowNoise(NoiseTransform):
    """Normal noise that is correlated along rows; see `cvcourse.data.noise.rows`.

    Raises:
        ValueError: `sigma` is negative or `share` outside [0, 1].
    """

    def __init__(self, sigma: float = 0.08, share: float = 0.9, generator: torch.Generator | None = None) -> None:
        super().__init__(generator)
        self.sigma, self.share = within("sigma", sigma, 0), within("share", share, 0, 1)

    def apply(self, signal: Tensor, source: noise.Source) -> Tensor:
        return noise.rows(signal, source, sigma=self.sigma, share=self.share)


class BlurredNoise(NoiseTransform):
    """Normal noise that is correlated with its neighbours; see `cvcourse.data.noise.blurred`.

    Raises:
        ValueError: `sigma` or `width` is negative.
    """

    def __init__(self, sigma: float = 0.08, width: float = 1.0, generator: torch.Generator | None = None) -> None:
        super().__init__(generator)
        self.sigma, self.width = within("sigma", sigma, 0), within("width", width, 0, 64, "pixels")

    def apply(self, signal: Tensor, source: noise.Source) -> Tensor:
        return noise.blurred(signal, source, sigma=self.sigma, width=self.width)


class SaltAndPepperNoise(NoiseTransform):
    """A share of the pixels replaced by 0 or 1; see `cvcourse.data.noise.salt_and_pepper`.

    Raises:
        ValueError: `share` is outside [0, 1].
    """

    def __init__(self, share: float = 0.05, generator: torch.Generator | None = None) -> None:
        super().__init__(generator)
        self.share = within("share", share, 0, 1)

    def apply(self, signal: Tensor, source: noise.Source) -> Tensor:
        return noise.salt_and_pepper(signal, source, share=self.share)


def collate_lists(
    samples: Sequence[tuple[Tensor, dict[str, Any]]],
) -> tuple[Tensor | list[Tensor], list[dict[str, Any]]]:
    """A batch for pictures with different numbers of objects: images, and the targets as a list of dicts.

    For `DataLoader(..., collate_fn=collate_lists)`. Images of one size are stacked (N, C, H, W); of several sizes they
    stay a list, as torchvision's detection models take them.
    """
    images, targets = zip(*samples, strict=True)
    if len({image.shape for image in images}) == 1:
        return torch.stack([image.as_subclass(Tensor) for image in images]), list(targets)
    return [image.as_subclass(Tensor) for image in images], list(targets)


def collate_padded(samples: Sequence[tuple[Tensor, dict[str, Any]]]) -> tuple[Tensor, dict[str, Tensor]]:
    """A batch of stacked tensors: what has one row an object is filled up with zeros to the largest number of objects.

    For `DataLoader(..., collate_fn=collate_padded)`. Entries of a target whose first axis is the objects ("boxes",
    "labels", "masks", "tracks") become (N, most, ...), and "count" says how many of the rows are real: int64 (N,).
    The rest (whole maps, single numbers) is stacked.

    Raises:
        ValueError: the images differ in size.
    """
    images, targets = zip(*samples, strict=True)
    sizes = {tuple(image.shape) for image in images}
    if len(sizes) > 1:
        raise ValueError(f"images of different sizes cannot be stacked: {sorted(sizes)}; use collate_lists, or resize")
    batch = {}
    for name in targets[0]:
        entries = [torch.as_tensor(target[name]).as_subclass(Tensor) for target in targets]
        rows = name in ("boxes", "labels", "masks", "tracks")
        batch[name] = pad_sequence(entries, batch_first=True) if rows else torch.stack(entries)
    for name in ("boxes", "labels", "masks", "tracks"):
        if name in batch:
            batch["count"] = torch.tensor([len(target[name]) for target in targets])
    return torch.stack([image.as_subclass(Tensor) for image in images]), batch
