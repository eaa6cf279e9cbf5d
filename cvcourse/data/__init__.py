"""Data sets for the lectures and exercises: ordinary `torch.utils.data.Dataset` objects, one function for each kind.

Each kind has a real set and an embedded one that needs no network. `locate.py` says where a real set is looked for.
The renderers (`Scenes`, `SceneClips`, `Micrographs`, `Faces`) are loaded when they are first used.
"""

from importlib import import_module

from cvcourse.data.digits import Digits, digits
from cvcourse.data.photographs import Photographs, photographs

_RENDERED = {"Faces": "faces", "Micrographs": "microscopy", "SceneClips": "scene_clips", "Scenes": "scenes"}

__all__ = ["Digits", "Faces", "Micrographs", "Photographs", "SceneClips", "Scenes", "digits", "photographs"]


def __getattr__(name: str):
    if name not in _RENDERED:
        raise AttributeError(f"module 'cvcourse.data' has no attribute {name!r}")
    return getattr(import_module(f"cvcourse.data.{_RENDERED[name]}"), name)
