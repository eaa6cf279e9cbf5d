"""Data sets for the lectures and exercises: ordinary `torch.utils.data.Dataset` objects.

`digits` and `photographs` choose between a real set and an embedded one that needs no network. The other names are
sets of their own; `choose` takes a real one where it is at hand, else an embedded one. `registry.py` lists all sets,
`locate.py` says where they are looked for.
"""

from importlib import import_module

from cvcourse.data.digits import Digits, digits
from cvcourse.data.photographs import Photographs, photographs

# Loaded when first used: they need torchvision, which takes a second.
_LAZY = {
    "BCCD": "bccd",
    "CIFAR10": "labelled_pictures",
    "CIFAR10PNG": "labelled_pictures",
    "CamVid": "camvid",
    "DSB2018": "dsb2018",
    "FMD": "fluorescence",
    "Faces": "faces",
    "GreyImages": "grey_images",
    "Hymenoptera": "labelled_pictures",
    "ISBI2012": "isbi2012",
    "ImageNetSample": "labelled_pictures",
    "LFW": "face_sets",
    "Micrographs": "microscopy",
    "ORL": "face_sets",
    "OTBCrossing": "otb",
    "Olivetti": "face_sets",
    "Omniglot": "omniglot",
    "OxfordPets": "pets",
    "PennFudan": "penn_fudan",
    "SceneClips": "scene_clips",
    "Scenes": "scenes",
    "W2S": "fluorescence",
    "choose": "choice",
    "fit_scale": "fluorescence",
    "one_shot_runs": "omniglot",
}

__all__ = ["Digits", "Photographs", "digits", "photographs", *_LAZY]


def __getattr__(name: str):
    if name not in _LAZY:
        raise AttributeError(f"module 'cvcourse.data' has no attribute {name!r}")
    return getattr(import_module(f"cvcourse.data.{_LAZY[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
