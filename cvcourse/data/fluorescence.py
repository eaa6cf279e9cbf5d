"""Real noise under the fluorescence microscope: single captures beside the mean of many (W2S, FMD)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor
from torchvision import tv_tensors

from cvcourse.data.picture_files import read_picture, require_file
from cvcourse.data.real import RealSet, in_split
from cvcourse.errors import DataError

W2S_SHARES = {"train": 0.75, "test": 0.25}


class Scale(NamedTuple):
    """One picture's grey values in terms of another's: value = gain * other + offset."""

    gain: float
    offset: float

    def apply(self, image: Tensor) -> Tensor:
        """`gain * image + offset`, float32."""
        return self.gain * image.float() + self.offset

    def undo(self, image: Tensor) -> Tensor:
        """`(image - offset) / gain`, float32."""
        return (image.float() - self.offset) / self.gain


def fit_scale(truth: Tensor, noisy: Tensor) -> Scale:
    """Gain and offset for which `gain * truth + offset` is closest to `noisy` (least squares).

    The two pictures of a pair were stretched to 8 bits each on its own, so that even a perfect denoiser's output lies
    on another scale than the truth. Bring the truth onto the scale of the noisy picture, then compute PSNR:

    >>> truth = torch.tensor([[0.0, 50.0], [100.0, 200.0]])
    >>> scale = fit_scale(truth, 0.5 * truth + 20)
    >>> round(scale.gain, 4), round(scale.offset, 3)
    (0.5, 20.0)

    It is the truth that is fitted to the noisy picture, not the other way round: noise in the picture on which one
    regresses makes the gain too small (errors in variables).

    Args:
        truth: (..., H, W), the mean of many captures, any dtype.
        noisy: the same shape.

    Raises:
        ValueError: the shapes differ, or `truth` is constant.
    """
    if truth.shape != noisy.shape:
        raise ValueError(f"truth and noisy have the shapes {tuple(truth.shape)} and {tuple(noisy.shape)}: give a pair")
    x, y = truth.double().flatten(), noisy.double().flatten()
    deviation = x - x.mean()
    variance = deviation.square().mean()
    if variance == 0:
        raise ValueError("truth is constant: no gain can be fitted")
    gain = (deviation * (y - y.mean())).mean() / variance
    return Scale(float(gain), float(y.mean() - gain * x.mean()))


class _Pairs(RealSet):
    """Items `(noisy, {"clean": truth})`, both uint8 of one size."""

    _files: list[tuple[Path, Path]]

    def read(self, index: int) -> tuple[tv_tensors.Image, dict[str, tv_tensors.Image]]:
        noisy_file, clean_file = self._files[index]
        noisy, clean = (read_picture(path, self.mode) for path in (noisy_file, clean_file))
        if noisy.shape != clean.shape:
            sizes = " and ".join(f"{image.shape[2]} x {image.shape[1]}" for image in (noisy, clean))
            raise DataError(f"{noisy_file} and {clean_file} are no pair: they have {sizes} pixels")
        return tv_tensors.Image(noisy), {"clean": tv_tensors.Image(clean)}

    def pairs(self, noisy: Path, clean: Path) -> list[tuple[Path, Path]]:
        files = [(path, clean / path.name) for path in sorted(noisy.glob("*.png"))]
        if not files:
            raise DataError(f"{noisy} holds no PNG file: put a whole copy of the set in its place")
        for _, path in files:
            require_file(path)
        return files


class W2S(_Pairs):
    """Human cells, widefield fluorescence, 512 x 512: one capture, and the mean of 400 of the same field.

    An item is `(image, target)`: the capture, uint8 (1, 512, 512); a target with "clean", the mean, the same format.
    The two were stretched to 8 bits separately: `fit_scale` first, then PSNR. 8 fields of view in 3 channels.

    >>> noisy, target = W2S("test")[0]
    >>> truth = fit_scale(target["clean"], noisy).apply(target["clean"])

    Args:
        split: "train" (6 fields, 18 pairs) or "test" (2 fields, 6 pairs): by field of view, with a fixed seed.
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand, or a file of it is missing or damaged.

    Layout:
        fluo/W2S/noisy/fovNNN_cC.png, fluo/W2S/clean/fovNNN_cC.png.

    Source:
        R. Zhou et al.: W2S: microscopy data with joint denoising and super-resolution. arXiv:2003.05961.
    """

    set_name = "w2s"
    mode = "L"

    def __init__(self, split: str = "train", *, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(split, transforms)
        base = self.folder("fluo/W2S")
        files = self.pairs(base / "noisy", base / "clean")
        fields = [noisy.stem.rpartition("_c")[0] for noisy, _ in files]
        self._files = [files[place] for place in in_split(fields, split, W2S_SHARES)]
        self.names = [noisy.stem for noisy, _ in self._files]


class FMD(_Pairs):
    """Three test pictures of the fluorescence microscopy denoising set, 512 x 512: one capture, and the mean of 50.

    An item is `(image, target)`: the capture, uint8 (3, 512, 512), three equal channels where it is grey; a target with
    "clean", the mean, the same format. `fit_scale` before PSNR, as for `W2S`.

    Args:
        split: "test", all there is.
        transforms: a function of (image, target), such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such split.
        DataError: the set is not at hand, or a file of it is missing or damaged.

    Layout:
        fluo/FMD/raw/NAME.png, fluo/FMD/target/NAME.png.

    Source:
        Y. Zhang et al.: A Poisson-Gaussian denoising dataset with real fluorescence microscopy images. CVPR 2019,
        doi:10.7274/r0-ed2r-4052.
    """

    set_name = "fmd"
    mode = "RGB"

    def __init__(self, split: str = "test", *, transforms: Callable[[Any, Any], Any] | None = None) -> None:
        super().__init__(split, transforms)
        base = self.folder("fluo/FMD")
        self._files = self.pairs(base / "raw", base / "target")
        self.names = [noisy.stem for noisy, _ in self._files]
