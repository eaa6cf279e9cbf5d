"""The grey photographs on which denoisers are compared: BSD68, Set12, and the 400 of BSD to train on."""

from collections.abc import Callable
from typing import Any

from torchvision import tv_tensors

from cvcourse.data.picture_files import read_picture
from cvcourse.data.real import RealSet, one_of

FOLDERS = {"bsd68": "BSD68", "set12": "Set12", "bsd400": "Train400"}
SETS = tuple(FOLDERS)


class GreyImages(RealSet):
    """Clean grey photographs: an item is a uint8 image (1, H, W); noise is added by a transform.

    >>> GreyImages("set12")[0].shape
    torch.Size([1, 256, 256])

    Args:
        name: "bsd68" (68 of 481 x 321 or 321 x 481), "set12" (12 of 256 x 256 or 512 x 512) or "bsd400" (400 of
            180 x 180, the usual training set). No photograph of BSD68 is in BSD400.
        without: names of files to leave out, such as "08" of Set12 (a picture that many no longer want to show).
        transforms: a function of the image, such as a torchvision v2 transform.

    Raises:
        ValueError: there is no such set or file.
        DataError: the set is not at hand, or a file of it is missing or damaged.

    Layout:
        denoise_gray/{BSD68,Set12,Train400}/NAME.png, or these folders alone.

    Source:
        BSD: D. Martin, C. Fowlkes, D. Tal, J. Malik, ICCV 2001. Choice: S. Roth, M. J. Black (BSD68), and K. Zhang
        et al.: Beyond a Gaussian denoiser. IEEE TIP 26(7), 2017 (Set12, BSD400), https://github.com/cszn/DnCNN.
    """

    def __init__(
        self, name: str = "bsd68", *, without: tuple[str, ...] = (), transforms: Callable[[Any], Any] | None = None
    ) -> None:
        self.set_name = one_of("name", name, SETS)
        super().__init__("all", transforms, set_name=name)
        folder = self.folder(f"denoise_gray/{FOLDERS[name]}", FOLDERS[name])
        files = sorted(folder.glob("*.png"))
        self.require_count(len(files), self.entry.items["all"], folder)
        for stem in without:
            one_of("without", stem, [path.stem for path in files])
        self._files = [path for path in files if path.stem not in without]
        self.names = [path.stem for path in self._files]

    def read(self, index: int) -> tv_tensors.Image:
        return tv_tensors.Image(read_picture(self._files[index], "L"))
