"""Rendered micrographs with their clean truth and instance maps, for denoising and segmentation: `Micrographs`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.ops import masks_to_boxes

from cvcourse.data import noise as models
from cvcourse.data.hashing import Draws
from cvcourse.data.rendered import Batch, Rendered, chosen, whole, within
from cvcourse.data.specimen import STRUCTURES, specimen

KINDS = (*STRUCTURES, "mixture")
NOISES = ("camera", "gaussian", "rows", "blurred", "none")
TARGETS = ("clean", "boxes", "labels", "masks", "ids")
HARDEST = 3.0
SMALLEST, LARGEST = 32, 1024

_GAIN = 0.030  # signal a photo-electron at difficulty 1: about 33 electrons where the picture is brightest
_READ_NOISE = 0.045
_SIGMA = 0.08  # of the noises that are no camera's
_HAZE = 0.12  # share of the light from out of focus


@dataclass
class MicrographBatch(Batch):
    """N micrographs as tensors.

    Attributes:
        images: float32 (N, E, S, S), what the camera read in each of E exposures; not clipped.
        clean: float32 (N, 1, S, S) in [0, 1], the expected signal (without the camera's offset).
        ids: int32 (N, S, S), 0, or k + 1 for the pixels of the k-th nucleus.
    """

    images: Tensor
    clean: Tensor
    ids: Tensor

    def items(self, wanted: Sequence[str]) -> list[tuple[tv_tensors.Image, dict[str, Tensor]]]:
        return [(tv_tensors.Image(self.images[i]), self._target(i, wanted)) for i in range(len(self))]

    def _target(self, i: int, wanted: Sequence[str]) -> dict[str, Tensor]:
        ids = self.ids[i]
        masks = ids == torch.arange(1, int(ids.max()) + 1, device=ids.device)[:, None, None]
        edges = torch.tensor([0, 0, 1, 1], device=ids.device)  # torchvision's boxes end on the last pixel
        entries = {
            "clean": lambda: tv_tensors.Image(self.clean[i]),
            "boxes": lambda: tv_tensors.BoundingBoxes(
                masks_to_boxes(masks) + edges, format="XYXY", canvas_size=ids.shape
            ),
            "labels": lambda: torch.ones(len(masks), dtype=torch.long, device=ids.device),
            "masks": lambda: tv_tensors.Mask(masks),
            "ids": lambda: tv_tensors.Mask(ids),
        }
        return {name: entries[name]() for name in wanted}


class Micrographs(Rendered):
    """Fluorescence micrographs of filaments, nuclei and membranes, noisy and clean.

    An item is `(image, target)`: image a float32 `tv_tensors.Image` (exposures, size, size) around [0, 1], not clipped,
    target a dict with the entries of `targets`. `batch(indices)` gives a `MicrographBatch`, many times faster.

    >>> image, target = Micrographs(10, size=64)[2]
    >>> image.shape, target["clean"].shape
    (torch.Size([1, 64, 64]), torch.Size([1, 64, 64]))

    Args:
        length: number of micrographs, 1 or more.
        seed: any whole number.
        size: side of the pictures in pixels, 32 to 1024.
        kind: "filaments", "nuclei", "membranes", or "mixture" of them all.
        difficulty: 0 to 3, multiplies the noise: none at 0; at 1 the peak signal-to-noise ratio is about 22 dB.
        psf: standard deviation of the point-spread function in pixels, 0.5 to 8.
        noise: "camera" (Poisson and normal noise), "gaussian", "rows" (correlated along rows), "blurred" (correlated
            with neighbours) or "none".
        gain, read_noise: of the camera, in units of the signal, 0 to 1; default 0.030 and 0.045 times `difficulty`.
        offset: what the camera reads in the dark, in units of the signal, -1 to 1.
        sigma: standard deviation of the other noises, 0 to 1; default 0.08 times `difficulty`.
        exposures: 1 to 64 pictures of the same specimen with independent noise, in the channels of the image.
        targets: which entries a target has: "clean" (float32 `tv_tensors.Image` (1, S, S)), and of the nuclei "boxes"
            (`tv_tensors.BoundingBoxes`, xyxy), "labels" (int64, all 1), "masks" (bool `tv_tensors.Mask`
            (nuclei, S, S)) and "ids" (int32 `tv_tensors.Mask` (S, S)).
        transforms: a function of (image, target), such as a torchvision v2 transform.
        device: where the pictures are computed.

    Raises:
        ValueError: an option is out of range.
    """

    def __init__(
        self,
        length: int = 1000,
        *,
        seed: int = 0,
        size: int = 128,
        kind: str = "mixture",
        difficulty: float = 1.0,
        psf: float = 1.2,
        noise: str = "camera",
        gain: float | None = None,
        read_noise: float | None = None,
        offset: float = 0.0,
        sigma: float | None = None,
        exposures: int = 1,
        targets: Sequence[str] = ("clean",),
        transforms: Callable[[Any, Any], Any] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__(length, seed, device, transforms)
        self.size = whole("size", size, SMALLEST, LARGEST)
        (self.kind,) = chosen("kind", (kind,), KINDS)
        (self.noise,) = chosen("noise", (noise,), NOISES)
        within("difficulty", difficulty, 0, HARDEST)
        self.psf = within("psf", psf, 0.5, 8, "pixels")
        self.gain = within("gain", _GAIN * difficulty if gain is None else gain, 0, 1)
        self.read_noise = within("read_noise", _READ_NOISE * difficulty if read_noise is None else read_noise, 0, 1)
        self.offset = within("offset", offset, -1, 1)
        self.sigma = within("sigma", _SIGMA * difficulty if sigma is None else sigma, 0, 1)
        self.exposures = whole("exposures", exposures, 1, 64)
        self.targets = chosen("target", targets, TARGETS)
        self.chunk = max(1, Rendered.chunk * 128**2 // max(size, 64) ** 2)

    def render(self, indices: Tensor) -> MicrographBatch:
        seen = specimen(Draws(self.seed, indices), self.size, self.kind, self.psf, _HAZE)
        pictures = [self._expose(seen.light, indices, exposure) for exposure in range(self.exposures)]
        return MicrographBatch(torch.stack(pictures, 1), seen.light[:, None], seen.ids)

    def _expose(self, signal: Tensor, indices: Tensor, exposure: int) -> Tensor:
        source = Draws(self.seed, indices, torch.full_like(indices, exposure))
        if self.noise == "camera":
            return models.camera(signal, source, gain=self.gain, read_noise=self.read_noise, offset=self.offset)
        if self.noise == "none":
            return signal.clone()
        return getattr(models, self.noise)(signal, source, sigma=self.sigma)
