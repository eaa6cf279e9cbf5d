"""A GPU draws the pictures that the CPU draws, up to rounding."""

from dataclasses import fields

import pytest
import torch

from cvcourse.data.faces import Faces
from cvcourse.data.microscopy import Micrographs
from cvcourse.data.scene_clips import SceneClips
from cvcourse.data.scenes import Scenes

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.mark.parametrize(
    "make",
    [
        lambda device: Scenes(64, size=128, device=device),
        lambda device: SceneClips(64, size=64, frames=4, device=device),
        lambda device: Micrographs(64, device=device),
        lambda device: Faces(16, 4, device=device),
    ],
    ids=["scenes", "clips", "micrographs", "faces"],
)
def test_cpu_and_gpu_agree(make):
    on_cpu, on_gpu = make("cpu").batch(range(64)), make("cuda").batch(range(64))
    for field in fields(on_cpu):
        cpu, gpu = getattr(on_cpu, field.name), getattr(on_gpu, field.name)
        assert gpu.device.type == "cuda" and gpu.dtype == cpu.dtype and gpu.shape == cpu.shape
        # One level of 255; a pixel on the edge of an object, or a photo-electron more, may fall on the other side.
        bound = 1 if cpu.dtype == torch.uint8 and field.name == "images" else 1e-3
        assert ((cpu.double() - gpu.cpu().double()).abs() > bound).double().mean() < 1e-3, field.name
